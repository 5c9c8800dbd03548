package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// check returns an error if b cannot be applied whole, and encodes its records. It changes only s.scratch.
func (s *Store) check(b *store.Batch) error {
	if err := checkInstants(b.Now); err != nil {
		return fmt.Errorf("sqlite: now: %w", err)
	}
	for i := range b.Put {
		if err := s.checkPut(&b.Put[i]); err != nil {
			return fmt.Errorf("sqlite: record %s: %w", name(b.Put[i].Key), err)
		}
	}
	for i := range b.Settle {
		if err := s.checkSettle(&b.Settle[i], b); err != nil {
			return fmt.Errorf("sqlite: claim %d of task %q: %w", b.Settle[i].Fence, b.Settle[i].ID, err)
		}
	}
	if err := s.findTasks(b.Tasks); err != nil {
		return err
	}
	for i := range b.Tasks {
		if err := s.checkTask(&b.Tasks[i], b); err != nil {
			return fmt.Errorf("sqlite: task %q: %w", b.Tasks[i].ID, err)
		}
	}
	return nil
}

func name(k store.Key) string { return fmt.Sprintf("%q/%q/%q", k.Tenant, k.Kind, k.ID) }

func (s *Store) checkPut(c *store.Change) error {
	r, err := s.record(c.Key)
	if err != nil {
		return err
	}
	t := &s.scratch
	t.rows, t.docs = append(t.rows, r), append(t.docs, document{})
	var stored uint64
	newer := false
	if r != nil {
		stored = r.version
		_, newer = r.rec.(store.Newer)
	}
	_, twice := t.puts[c.Key]
	t.puts[c.Key] = struct{}{}
	switch {
	case twice:
		return errors.New("changed twice in one batch")
	case newer:
		return store.ErrNewer
	case stored != c.Version:
		return fmt.Errorf("version %d stored, %d seen: %w", stored, c.Version, store.ErrConflict)
	}
	if err := c.Check(); err != nil || c.Rec == nil {
		return err
	}
	if err := checkInstants(c.Due, c.Ended); err != nil {
		return err
	}
	for i := range c.Entries {
		if err := checkInstants(c.Entries[i].At); err != nil {
			return fmt.Errorf("entry %d: %w", c.Entries[i].Seq, err)
		}
	}
	t.docs[len(t.docs)-1], err = s.encoded(c)
	return err
}

func (s *Store) checkSettle(x *store.Settle, b *store.Batch) error {
	valid, inScope := s.scratch.claims[x.Claim]
	switch {
	case !inScope:
		return errors.New("settled without being in scope")
	case !valid:
		return errors.New("settled twice, or no longer held")
	case !x.Retry.IsZero() && x.Dead != "":
		return errors.New("both retried and dead")
	}
	s.scratch.claims[x.Claim] = false
	t, err := s.task(x.ID)
	if err != nil {
		return err
	}
	if t.dead && !x.Retry.IsZero() && !slices.Contains(b.Cancel, store.CancelTag{Record: t.Record, Tag: t.Tag}) {
		s.scratch.lanes[laneKey{t.Record, t.Order}] = struct{}{} // a retried task joins the lane before new tasks do
	}
	return checkInstants(x.Retry)
}

// findTasks notes in s.scratch which ids of tasks are stored.
func (s *Store) findTasks(tasks []store.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	ids := make([]string, len(tasks))
	for i := range tasks {
		ids[i] = tasks[i].ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	var id string
	return s.each(s.do.taskIDs, []any{string(list)}, []any{&id}, func() (bool, error) {
		s.scratch.ids[id] = struct{}{}
		return true, nil
	})
}

func (s *Store) checkTask(t *store.Task, b *store.Batch) error {
	_, known := s.scratch.ids[t.ID]
	lane := laneKey{t.Record, t.Order}
	_, joined := s.scratch.lanes[lane]
	if known {
		return errors.New("the id is in use")
	}
	if err := t.Check(); err != nil {
		return err
	}
	if t.Lease != nil {
		if empties, err := s.empties(lane, b); err != nil {
			return err
		} else if joined || !empties {
			return errors.New("born leased in a lane that is not empty")
		}
		if err := checkInstants(t.Lease.Until); err != nil {
			return err
		}
	}
	s.scratch.ids[t.ID] = struct{}{}
	s.scratch.lanes[lane] = struct{}{}
	return checkInstants(t.Due, t.Expires)
}

// empties reports whether b removes every task that is now in the lane.
func (s *Store) empties(lane laneKey, b *store.Batch) (bool, error) {
	r := lane.record
	empty := true
	var id, tag string
	err := s.each(s.do.inLane, []any{r.Tenant, r.Kind, r.ID, lane.order}, []any{&id, &tag}, func() (bool, error) {
		empty = slices.Contains(b.Cancel, store.CancelTag{Record: r, Tag: tag}) ||
			slices.ContainsFunc(b.Settle, func(x store.Settle) bool { return x.ID == id && x.Retry.IsZero() })
		return empty, nil
	})
	return empty, err
}
