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
// that cannot be read yields an [*UnreadableError], and the list goes on; an error of the store ends it.
func (e *Engine) DeadLetters(ctx context.Context, tenant string) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		if err := given(ctx, "dead letters"); err != nil {
			yield(DeadLetter{}, err)
			return
		}
		for row, err := range rowsOf[store.Task](ctx, e, store.Query{Tenant: tenant, Kind: store.KindTask, State: stateDead}) {
			if row.rec.Queue == core.QueueInbox {
				continue
			}
			var dead DeadLetter
			if err == nil {
				dead, err = deadLetter(&row)
			}
			if !yield(dead, err) {
				return
			}
		}
	}
}

func deadLetter(row *found[store.Task]) (dead DeadLetter, err error) {
	err = json.Unmarshal(row.rec.Payload, &dead.Message)
	for _, e := range row.Entries {
		dead.Why, dead.Died = string(e.Doc), e.At
	}
	return dead, err
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
	key := store.Key{Tenant: about.Key.Tenant, Kind: store.KindTask, ID: c.Letter.Key}
	for row, err := range rowsOf[store.Task](ctx, e, store.Query{Keys: []store.Key{key}}) {
		if err != nil {
			return store.Claim{}, fmt.Errorf("tocsin: do: %w", err)
		}
		if len(row.Entries) > 0 && row.rec.Lease != nil {
			letter, err := deadLetter(&row)
			c.Letter = letter.Message
			return store.Claim{ID: row.rec.ID, Fence: row.rec.Lease.Fence}, err
		}
	}
	return store.Claim{}, none
}
