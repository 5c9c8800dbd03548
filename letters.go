package tocsin

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// DeadLetter is a message that could not be sent over one of its contacts. [respond.Resend] tries it again.
type DeadLetter struct {
	notify.Message
	Why  string
	Died time.Time
}

// stateDead is the state under which stores list the tasks that failed for good.
const stateDead = "dead"

// DeadLetters lists the messages of a tenant that could not be sent, the worst priority first, until [Config.Keep] is over.
func (e *Engine) DeadLetters(ctx context.Context, tenant string) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		q := store.Query{Tenant: tenant, Kind: store.KindTask, State: stateDead}
		for {
			rows, err := e.store.Read(ctx, q)
			if err != nil {
				yield(DeadLetter{}, fmt.Errorf("tocsin: dead letters: %w", err))
				return
			}
			for _, row := range rows {
				task := row.Rec.(store.Task)
				if task.Queue == core.QueueInbox {
					continue
				}
				if letter, err := letterOf(&task, row.Entries); !yield(letter, err) {
					return
				}
			}
			if len(rows) == 0 {
				return
			}
			q.After = rows[len(rows)-1].Cursor
		}
	}
}

func letterOf(task *store.Task, why []store.Entry) (letter DeadLetter, err error) {
	if err := json.Unmarshal(task.Payload, &letter.Message); err != nil {
		return letter, fmt.Errorf("tocsin: dead letter %q cannot be read: %w", task.ID, err)
	}
	for _, e := range why {
		letter.Why, letter.Died = string(e.Doc), e.At
	}
	return letter, nil
}

// dead returns the claim by which a dead letter is brought back.
func (e *Engine) dead(ctx context.Context, c respond.Resend) (store.Claim, error) {
	about, err := e.read(ctx, c.Letter.Incident, false)
	if err != nil {
		return store.Claim{}, err
	}
	rows, err := e.store.Read(ctx, store.Query{Keys: []store.Key{{Tenant: about.Key.Tenant, Kind: store.KindTask, ID: c.Letter.Key}}})
	if err != nil {
		return store.Claim{}, fmt.Errorf("tocsin: do: %w", err)
	}
	for _, row := range rows {
		if task := row.Rec.(store.Task); len(row.Entries) > 0 && task.Lease != nil {
			return store.Claim{ID: task.ID, Fence: task.Lease.Fence}, nil
		}
	}
	return store.Claim{}, &respond.RefusedError{Incident: c.Letter.Incident, Reason: fmt.Sprintf("there is no dead letter %q", c.Letter.Key)}
}
