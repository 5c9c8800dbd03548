package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// Trim implements store.Store. It removes ended records, then dead tasks, then log rows, each oldest first. It also drops
// event ids that are older than 24 hours at that instant; they do not count as rows. Tasks of a removed record stay. One
// call is one commit: a limit of about 1,000 keeps it short.
func (s *Store) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.enter(ctx, false); err != nil {
		return 0, err
	}
	n, err := s.trim(before, limit)
	return n, s.finish(err)
}

func (s *Store) trim(before time.Time, limit int) (n int, err error) {
	if err := checkInstants(before); err != nil {
		return 0, fmt.Errorf("sqlite: before: %w", err)
	}
	at := orEarly(instantOf(before))
	if at > s.window.clock {
		if err := s.begin(); err != nil {
			return 0, err
		}
		s.window.advance(at)
		s.commit.rows++
	}
	if err := s.store(); err != nil { // writes the changed records, so that the index of ended records is complete
		return 0, err
	}
	for _, step := range [...]func(before int64, limit int) (int, error){s.trimRecords, s.trimTasks, s.trimLog} {
		if n < limit {
			some, err := step(at, limit-n)
			if err != nil {
				return 0, s.broken(err)
			}
			n += some
		}
	}
	return n, nil
}

func (s *Store) trimRecords(before int64, limit int) (int, error) {
	var keys []store.Key
	var k store.Key
	err := s.each(s.do.ended, []any{before, limit}, []any{&k.Tenant, &k.Kind, &k.ID}, func() (bool, error) {
		keys = append(keys, k)
		return true, nil
	})
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		r, err := s.record(k)
		if err != nil {
			return 0, err
		}
		if r == nil {
			return 0, fmt.Errorf("record %s: %w", name(k), errDamaged)
		}
		if err := s.put(&store.Change{Key: k}, r, document{}); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}

func (s *Store) trimTasks(before int64, limit int) (int, error) {
	var places []int64
	var place int64
	err := s.each(s.do.diedTasks, []any{before, limit}, []any{&place}, func() (bool, error) {
		places = append(places, place)
		return true, nil
	})
	for _, place := range places {
		if err == nil {
			_, err = s.write(s.do.deleteTask, place)
		}
	}
	return len(places), err
}

func (s *Store) trimLog(before int64, limit int) (int, error) {
	var rows []int64
	var n int64
	var at instant
	err := s.each(s.do.oldestLog, []any{limit}, []any{&n, &at}, func() (bool, error) {
		if orEarly(at) >= before {
			return false, nil
		}
		rows = append(rows, n)
		return true, nil
	})
	for _, n := range rows {
		if err == nil {
			_, err = s.write(s.do.deleteLog, n)
		}
	}
	return len(rows), err
}
