package memory

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// check returns an error if b cannot be applied whole. It changes only s.scratch.
func (s *Store) check(b *store.Batch) error {
	s.scratch.batch++
	for i := range b.Put {
		if err := s.checkPut(&b.Put[i]); err != nil {
			return fmt.Errorf("memory: record %s: %w", name(b.Put[i].Key), err)
		}
	}
	for i := range b.Settle {
		if err := s.checkSettle(&b.Settle[i], b); err != nil {
			return fmt.Errorf("memory: claim %d of task %q: %w", b.Settle[i].Fence, b.Settle[i].ID, err)
		}
	}
	for i := range b.Tasks {
		if err := s.checkTask(&b.Tasks[i], b); err != nil {
			return fmt.Errorf("memory: task %q: %w", b.Tasks[i].ID, err)
		}
	}
	return nil
}

func name(k store.Key) string { return fmt.Sprintf("%q/%q/%q", k.Tenant, k.Kind, k.ID) }

func (s *Store) checkPut(c *store.Change) error {
	r := s.records[c.Key]
	s.scratch.rows = append(s.scratch.rows, r)
	var stored uint64
	newer, twice := false, false
	if r != nil {
		stored, twice = r.version, r.batch == s.scratch.batch
		r.batch = s.scratch.batch
		_, newer = r.rec.(store.Newer)
	} else {
		_, twice = s.scratch.puts[c.Key]
		s.scratch.puts[c.Key] = struct{}{}
	}
	switch {
	case twice:
		return errors.New("changed twice in one batch")
	case newer:
		return store.ErrNewer
	case stored != c.Version:
		return fmt.Errorf("version %d stored, %d seen: %w", stored, c.Version, store.ErrConflict)
	}
	return c.Check()
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
	t := s.tasks[x.ID]
	if t.state == dead && !x.Retry.IsZero() && !slices.Contains(b.Cancel, t.cancelTag()) {
		s.scratch.lanes[t.laneKey()] = struct{}{} // a retried task joins the lane before new tasks do
	}
	return nil
}

func (s *Store) checkTask(t *store.Task, b *store.Batch) error {
	_, known := s.tasks[t.ID]
	_, twice := s.scratch.ids[t.ID]
	lane := laneKey{t.Record, t.Order}
	_, joined := s.scratch.lanes[lane]
	if known || twice {
		return errors.New("the id is in use")
	}
	if err := t.Check(); err != nil {
		return err
	}
	if t.Lease != nil && (joined || !s.empties(lane, b)) {
		return errors.New("born leased in a lane that is not empty")
	}
	s.scratch.ids[t.ID] = struct{}{}
	s.scratch.lanes[lane] = struct{}{}
	return nil
}

// empties reports whether b removes every task that is now in the lane.
func (s *Store) empties(key laneKey, b *store.Batch) bool {
	l := s.lanes[key]
	if l == nil {
		return true
	}
	for t := l.head; t != nil; t = t.next {
		leaves := slices.Contains(b.Cancel, t.cancelTag()) ||
			slices.ContainsFunc(b.Settle, func(x store.Settle) bool { return x.ID == t.ID && x.Retry.IsZero() })
		if !leaves {
			return false
		}
	}
	return true
}
