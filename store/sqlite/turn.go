package sqlite

import "github.com/tocsin-dev/tocsin/store"

const (
	refKeys  = 1_000 // of one ref in a View
	keepSize = 4_096 // what held more is not kept: emptying a map costs by its room, and the next Update may be small
)

// turn is what one Update works with. It is emptied and reused.
type turn struct {
	view  store.View
	write map[store.Key]struct{} // held for writing; filled once there is a Need

	// met while a Batch is checked
	claims map[store.Claim]bool // of the scope: valid, and not settled by this Batch yet
	rows   []*record            // of its changes, nil where there is none yet
	docs   []document           // of its changes
	puts   map[store.Key]struct{}
	ids    map[string]struct{} // of tasks: stored, or new in this Batch
	lanes  map[laneKey]struct{}
}

// laneKey names a lane: the tasks of one record that leave one after the other.
type laneKey struct {
	record store.Key
	order  string
}

func newTurn() turn {
	return turn{
		view:   store.View{Records: make(map[store.Key]store.Snapshot), Refs: make(map[store.Ref][]store.Key)},
		write:  make(map[store.Key]struct{}),
		claims: make(map[store.Claim]bool),
		puts:   make(map[store.Key]struct{}),
		ids:    make(map[string]struct{}),
		lanes:  make(map[laneKey]struct{}),
	}
}

func (t *turn) reset() {
	t.view.Records, t.view.Refs = emptied(t.view.Records), emptied(t.view.Refs)
	t.view.Seen, t.view.Valid = t.view.Seen[:0], t.view.Valid[:0]
	t.write, t.claims = emptied(t.write), emptied(t.claims)
	clear(t.rows)
	clear(t.docs)
	t.rows, t.docs = t.rows[:0], t.docs[:0]
	t.puts, t.ids, t.lanes = emptied(t.puts), emptied(t.ids), emptied(t.lanes)
}

// emptied returns m without its entries, or a new map in its place.
func emptied[K comparable, V any](m map[K]V) map[K]V {
	if len(m) > keepSize {
		return make(map[K]V)
	}
	clear(m)
	return m
}

// look fills the turn's view with what sc names.
func (s *Store) look(sc *store.Scope) error {
	t := &s.turn
	for _, keys := range [...][]store.Key{sc.Write, sc.Read} {
		for _, k := range keys {
			if err := s.lookAt(k); err != nil {
				return err
			}
		}
	}
	for _, ref := range sc.Refs {
		if err := s.lookUp(ref); err != nil {
			return err
		}
	}
	for _, id := range sc.Events {
		t.view.Seen = append(t.view.Seen, s.window.has(id))
	}
	for _, c := range sc.Claims {
		task, err := s.task(c.ID)
		if err != nil {
			return err
		}
		valid := task.ours(c)
		t.view.Valid = append(t.view.Valid, valid)
		t.claims[c] = valid
	}
	return nil
}

func (s *Store) lookAt(k store.Key) error {
	snap := store.Snapshot{Key: k}
	r, err := s.record(k)
	if r != nil {
		snap.Version, snap.Rec = r.version, r.rec
	}
	s.turn.view.Records[k] = snap
	return err
}

func (s *Store) lookUp(ref store.Ref) error {
	var keys []store.Key
	var k store.Key
	err := s.each(s.do.refs, []any{ref.Tenant, ref.Kind, ref.Name, refKeys}, []any{&k.Tenant, &k.Kind, &k.ID}, func() (bool, error) {
		keys = append(keys, k)
		return true, nil
	})
	s.turn.view.Refs[ref] = keys
	return err
}

// widen adds to the view what n asks for, and reports whether any of it was new. A key that was held for reading and is
// wanted for writing is new, as it is in a store that would have to lock it anew.
func (s *Store) widen(sc *store.Scope, n *store.Need) (widened bool, err error) {
	t := &s.turn
	for _, k := range sc.Write {
		t.write[k] = struct{}{}
	}
	for _, k := range n.Write {
		if _, held := t.write[k]; !held {
			t.write[k] = struct{}{}
			widened = true
			if err := s.lookAt(k); err != nil {
				return false, err
			}
		}
	}
	for _, k := range n.Read {
		if _, held := t.view.Records[k]; !held {
			widened = true
			if err := s.lookAt(k); err != nil {
				return false, err
			}
		}
	}
	for _, ref := range n.Refs {
		if _, held := t.view.Refs[ref]; !held {
			widened = true
			if err := s.lookUp(ref); err != nil {
				return false, err
			}
		}
	}
	return widened, nil
}
