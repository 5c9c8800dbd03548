package postgres

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// check returns an error if b breaks its contract, as far as this shows before writing; the statements check the rest.
// rows are the rows to store for each Change, nil for a deletion.
func (r *round) check(c *call, b *store.Batch) (rows []*row, err error) {
	if b.Now.IsZero() && !empty(b) {
		return nil, errors.New("postgres: the batch has no instant")
	}
	if err := storable(b.Now); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	rows = make([]*row, len(b.Put))
	changed := make(map[store.Key]struct{}, len(b.Put))
	for i := range b.Put {
		put := &b.Put[i]
		_, twice := changed[put.Key]
		changed[put.Key] = struct{}{}
		if rows[i], err = r.checkPut(put, twice); err != nil {
			return nil, fmt.Errorf("postgres: record %s: %w", name(put.Key), err)
		}
	}
	settled := make(map[store.Claim]struct{}, len(b.Settle))
	for i := range b.Settle {
		_, twice := settled[b.Settle[i].Claim]
		settled[b.Settle[i].Claim] = struct{}{}
		if err := r.checkSettle(c, &b.Settle[i], twice); err != nil {
			return nil, fmt.Errorf("postgres: claim %d of task %q: %w", b.Settle[i].Fence, b.Settle[i].ID, err)
		}
	}
	ids := make(map[string]struct{}, len(b.Tasks))
	for i := range b.Tasks {
		_, twice := ids[b.Tasks[i].ID]
		ids[b.Tasks[i].ID] = struct{}{}
		if err := checkTask(&b.Tasks[i], twice); err != nil {
			return nil, fmt.Errorf("postgres: task %q: %w", b.Tasks[i].ID, err)
		}
	}
	return rows, nil
}

func (r *round) checkPut(c *store.Change, twice bool) (*row, error) {
	stored := r.scope.byKey[c.Key]
	if stored == nil { // the key is of kind task or log
		stored = &locked{}
	}
	switch {
	case twice:
		return nil, errors.New("changed twice in one batch")
	case stored.newer:
		return nil, store.ErrNewer
	case stored.version != c.Version:
		return nil, fmt.Errorf("version %d stored, %d seen: %w", stored.version, c.Version, store.ErrConflict)
	}
	if err := c.Check(); err != nil || c.Rec == nil {
		return nil, err
	}
	for i := range c.Entries {
		if err := storable(c.Entries[i].At); err != nil {
			return nil, err
		}
	}
	if err := storable(c.Due, c.Ended); err != nil {
		return nil, err
	}
	return r.rowOf(c, stored)
}

func (r *round) checkSettle(c *call, x *store.Settle, twice bool) error {
	_, valid := r.held[x.Claim]
	switch {
	case !valid || !slices.Contains(c.claims, x.Claim):
		return errors.New("settled without being in scope, or no longer held")
	case twice:
		return errors.New("settled twice")
	case !x.Retry.IsZero() && x.Dead != "":
		return errors.New("both retried and dead")
	}
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

// checkScope returns an error that wraps store.ErrData for a name that no statement can carry. The simple protocol would take a zero byte
// for the end of the statement.
func checkScope(sc *store.Scope) error {
	for i := range sc.Claims {
		if err := store.CheckNames(sc.Claims[i].ID); err != nil {
			return err
		}
	}
	return checkKeys(sc.Refs, sc.Write, sc.Read)
}

func checkKeys(refs []store.Ref, lists ...[]store.Key) error {
	for _, r := range refs {
		if err := store.CheckNames(r.Tenant, r.Kind, r.Name); err != nil {
			return err
		}
	}
	for _, keys := range lists {
		for _, k := range keys {
			if err := store.CheckNames(k.Tenant, k.Kind, k.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// check is checkScope for the Need of a decision, and for the names of its Batch that store.Change.Check and store.Task.Check do not see.
func (d *decision) check() error {
	for i := range d.batch.Settle {
		if err := store.CheckNames(d.batch.Settle[i].ID, d.batch.Settle[i].Dead); err != nil {
			return fmt.Errorf("postgres: a claim: %w", err)
		}
	}
	for _, tag := range d.batch.Cancel {
		if err := store.CheckNames(tag.Record.Tenant, tag.Record.Kind, tag.Record.ID, tag.Tag); err != nil {
			return fmt.Errorf("postgres: a cancel: %w", err)
		}
	}
	for i := range d.batch.Tasks {
		k := d.batch.Tasks[i].Record // locked before the task is checked
		if err := store.CheckNames(k.Tenant, k.Kind, k.ID); err != nil {
			return fmt.Errorf("postgres: a task: %w", err)
		}
	}
	for i := range d.batch.Put {
		k := d.batch.Put[i].Key
		if err := store.CheckNames(k.Tenant, k.Kind, k.ID); err != nil {
			return fmt.Errorf("postgres: a record: %w", err)
		}
	}
	if err := checkKeys(d.need.Refs, d.need.Write, d.need.Read); err != nil {
		return fmt.Errorf("postgres: a need: %w", err)
	}
	return nil
}
