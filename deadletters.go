package tocsin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// DeadLetter is a message that failed for good over one contact. [respond.Resend] sends it once more.
type DeadLetter struct {
	notify.Message
	Why  string    // error of the last try
	Died time.Time // when it failed for good
}

// stateDead is the state of dead letters in a [store.Query].
const stateDead = "dead"

// DeadLetters lists the dead letters of a tenant, the worst priority first. The store keeps them for [Config.Keep]. A dead letter
// that cannot be decoded yields an error, and the list goes on; an error of the store ends it.
func (e *Engine) DeadLetters(ctx context.Context, tenant string) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		if err := given(ctx, "dead letters"); err != nil {
			yield(DeadLetter{}, err)
			return
		}
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
				if dead, err := deadLetter(&task, row.Entries); !yield(dead, err) {
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

func deadLetter(task *store.Task, why []store.Entry) (dead DeadLetter, err error) {
	if err := json.Unmarshal(task.Payload, &dead.Message); err != nil {
		return dead, fmt.Errorf("tocsin: dead letter %q cannot be decoded: %w", task.ID, err)
	}
	for _, e := range why {
		dead.Why, dead.Died = string(e.Doc), e.At
	}
	return dead, nil
}

// claimDead puts the dead letter as the store has it into the command, and returns the claim on its task. It returns a
// [*respond.RefusedError] if there is no such dead letter.
func (e *Engine) claimDead(ctx context.Context, c *respond.Resend) (store.Claim, error) {
	none := &respond.RefusedError{Incident: c.Letter.Incident, Reason: fmt.Sprintf("there is no dead letter %q", c.Letter.Key)}
	about, err := e.read(ctx, c.Letter.Incident, false)
	switch {
	case errors.Is(err, ErrNotFound):
		return store.Claim{}, none
	case err != nil:
		return store.Claim{}, err
	}
	rows, err := e.store.Read(ctx, store.Query{Keys: []store.Key{{Tenant: about.Key.Tenant, Kind: store.KindTask, ID: c.Letter.Key}}})
	if err != nil {
		return store.Claim{}, fmt.Errorf("tocsin: do: %w", err)
	}
	for _, row := range rows {
		if task := row.Rec.(store.Task); len(row.Entries) > 0 && task.Lease != nil {
			letter, err := deadLetter(&task, nil)
			c.Letter = letter.Message
			return store.Claim{ID: task.ID, Fence: task.Lease.Fence}, err
		}
	}
	return store.Claim{}, none
}
