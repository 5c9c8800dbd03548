package postgres

import (
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

// check finds what a Batch breaks of its contract, as far as that shows before it is written; the database finds the rest.
func (t *turn) check(b *store.Batch) error {
	if b.Now.IsZero() && !empty(b) {
		return errors.New("postgres: a batch without an instant")
	}
	if err := storable(b.Now); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	changed := make(map[store.Key]struct{}, len(b.Put))
	for i := range b.Put {
		c := &b.Put[i]
		_, twice := changed[c.Key]
		changed[c.Key] = struct{}{}
		if err := t.checkPut(c, twice); err != nil {
			return fmt.Errorf("postgres: record %s: %w", name(c.Key), err)
		}
	}
	for i := range b.Settle {
		if err := t.checkSettle(&b.Settle[i]); err != nil {
			return fmt.Errorf("postgres: claim %d of task %q: %w", b.Settle[i].Fence, b.Settle[i].ID, err)
		}
	}
	ids := make(map[string]struct{}, len(b.Tasks))
	for i := range b.Tasks {
		_, twice := ids[b.Tasks[i].ID]
		ids[b.Tasks[i].ID] = struct{}{}
		if err := checkTask(&b.Tasks[i], twice); err != nil {
			return fmt.Errorf("postgres: task %q: %w", b.Tasks[i].ID, err)
		}
	}
	return nil
}

func (t *turn) checkPut(c *store.Change, twice bool) error {
	own := c.Key.Kind == store.KindTask || c.Key.Kind == store.KindLog
	stored := locked{}
	if !own {
		stored = *t.scope.of(c.Key)
	}
	switch {
	case twice:
		return errors.New("changed twice in one batch")
	case stored.newer:
		return store.ErrNewer
	case stored.version != c.Version:
		return fmt.Errorf("version %d stored, %d seen: %w", stored.version, c.Version, store.ErrConflict)
	}
	if err := c.Check(); err != nil || c.Rec == nil {
		return err
	}
	for i := range c.Entries {
		if err := storable(c.Entries[i].At); err != nil {
			return err
		}
	}
	return storable(c.Due, c.Ended)
}

func (t *turn) checkSettle(x *store.Settle) error {
	held, valid := t.held[x.Claim]
	switch {
	case !valid:
		return errors.New("settled without being in scope, or not ours")
	case held.settled:
		return errors.New("settled twice")
	case !x.Retry.IsZero() && x.Dead != "":
		return errors.New("both retried and dead")
	}
	held.settled = true
	t.held[x.Claim] = held
	return storable(x.Retry)
}

func checkTask(t *store.Task, twice bool) error {
	if twice {
		return errors.New("the id is in use")
	}
	if err := t.Check(); err != nil {
		return err
	}
	if t.Lease != nil {
		return storable(t.Due, t.Expires, t.Lease.Until)
	}
	return storable(t.Due, t.Expires)
}
