package memory

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

var _ store.Eraser = (*Store)(nil)

// eraseAtOnce is how many rows Erase edits before it releases the lock for other calls.
const eraseAtOnce = 200

// Erase implements store.Eraser. Old documents are left to the garbage collector.
func (s *Store) Erase(ctx context.Context, edit func(of store.Key, doc []byte) ([]byte, error)) (int, error) {
	x := eraser{Store: s, edit: edit}
	var rows []uint64
	var tasks []string
	var records []store.Key
	err := x.alone(ctx, func() error {
		for i := range s.journal.rows.n {
			rows = append(rows, s.journal.rows.at(i).seq)
		}
		for t := range s.dead.all() {
			tasks = append(tasks, t.ID)
		}
		records = slices.Collect(maps.Keys(s.records))
		return nil
	})
	if err == nil {
		err = eachStep(ctx, &x, rows, x.row)
	}
	if err == nil {
		err = eachStep(ctx, &x, tasks, x.task)
	}
	if err == nil {
		err = eachStep(ctx, &x, records, x.timeline)
	}
	return x.changed, err
}

// eraser is the state of one Erase.
type eraser struct {
	*Store
	edit    func(of store.Key, doc []byte) ([]byte, error)
	changed int
}

// alone runs one step under the store's lock.
func (x *eraser) alone(ctx context.Context, step func() error) error {
	if err := x.enter(ctx, false); err != nil {
		return err
	}
	defer x.writers.Leave()
	return step()
}

// eachStep calls one for each name, eraseAtOnce names under one lock. Rows that are gone by then are skipped by one.
func eachStep[N any](ctx context.Context, x *eraser, names []N, one func(N) error) error {
	for some := range slices.Chunk(names, eraseAtOnce) {
		err := x.alone(ctx, func() error {
			for _, name := range some {
				if err := one(name); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// document returns the edited document, or nil if edit did not change it.
func (x *eraser) document(of store.Key, doc []byte) ([]byte, error) {
	to, err := x.edit(of, bytes.Clone(doc))
	if err != nil {
		return nil, fmt.Errorf("memory: erase: %s: %w", name(of), err)
	}
	if bytes.Equal(to, doc) {
		return nil, nil
	}
	x.changed++
	return append([]byte{}, to...), nil
}

func (x *eraser) row(seq uint64) error {
	j := &x.journal
	first := j.last - uint64(j.rows.n) + 1
	if seq < first {
		return nil
	}
	row := j.rows.at(int(seq - first))
	to, err := x.document(row.snapshot().Key, row.doc)
	if to != nil {
		j.bytes += len(to) - len(row.doc)
		row.doc = to
	}
	return err
}

func (x *eraser) task(id string) error {
	t := x.tasks[id]
	if t == nil || t.state != dead {
		return nil
	}
	payload, err := x.document(t.key(), t.Payload)
	if payload != nil {
		t.Payload = payload
	}
	if err != nil {
		return err
	}
	reason, err := x.document(t.key(), []byte(t.reason))
	if reason != nil {
		t.reason = string(reason)
	}
	return err
}

func (x *eraser) timeline(k store.Key) error {
	r := x.records[k]
	if r == nil {
		return nil
	}
	for i := range r.entries {
		to, err := x.document(k, r.entries[i].Doc)
		if err != nil {
			return err
		}
		if to != nil {
			r.entries[i].Doc = to
		}
	}
	return nil
}
