package tocsin

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// takeInbox takes in the events that applications stored in their own transactions. If the commit fails, the events come again
// when their leases expire.
func (e *Engine) takeInbox(ctx context.Context, tasks []store.Task) {
	in := e.batch()
	for i := range tasks {
		var ev event.Event
		err := tasks[i].Err
		if err == nil {
			err = json.Unmarshal(tasks[i].Payload, &ev)
		}
		if err == nil {
			err = ev.Check()
		}
		if err != nil {
			e.bury(ctx, store.Claim{ID: tasks[i].ID, Fence: tasks[i].Lease.Fence}, "inbox", "an event of the inbox cannot be taken", err)
			e.health.turn(0)
			continue
		}
		in.events, in.named = append(in.events, ev), append(in.named, ev.ID != "")
		in.claims = append(in.claims, store.Claim{ID: tasks[i].ID, Fence: tasks[i].Lease.Fence})
	}
	if len(in.events) == 0 {
		return
	}
	ctx, s := e.tel.Submit(ctx, in.events)
	defer s.End()
	now := e.now(ctx)
	ids := freshIDs{left: len(in.events)}
	for i := range in.events {
		e.complete(&in.events[i], now, s.TraceParent, &ids)
	}
	if err := e.take(ctx, s, in); err != nil {
		e.log(ctx, slog.LevelError, "events of the inbox could not be stored; they are retried when their leases expire", "error", err)
	}
}

// bury makes a task a dead letter, since what it brings cannot be stored, and reports it as a finding about the subject.
func (e *Engine) bury(ctx context.Context, claim store.Claim, subject, what string, why error) {
	reason := event.Mend(why.Error(), event.MaxSummary)
	_, err := e.commit(ctx, change{
		claims: []store.Claim{claim},
		admit: func(v store.View, _ []core.Input) ([]core.Input, []store.Settle) {
			if !v.Valid[0] {
				return nil, nil
			}
			return nil, []store.Settle{{Claim: claim, Dead: reason}}
		},
	})
	e.log(ctx, slog.LevelError, what, "task", claim.ID, "error", why)
	if err != nil {
		e.log(ctx, slog.LevelError, "a task could not be made a dead letter", "task", claim.ID, "error", err)
		return
	}
	e.tell(ctx, event.Finding(event.FindingDeadLetter, subject, what+": "+reason))
}
