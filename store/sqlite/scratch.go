package sqlite

import "github.com/tocsin-dev/tocsin/store"

const (
	refKeys  = 1_000 // most keys of one ref in a View
	keepSize = 4_096 // larger maps are dropped: clear takes time by capacity, and the next Update may be small
)

// scratch holds the working data of one Update. It is cleared and reused.
type scratch struct {
	view  store.View
	write map[store.Key]struct{} // keys locked for writing; filled once there is a Need

	// filled while a Batch is checked
	claims map[store.Claim]bool // claims of the scope: valid, and not yet settled by this Batch
	rows   []*record            // records of its changes, nil for new records
	docs   []document           // documents of its changes
	puts   map[store.Key]struct{}
	ids    map[string]struct{} // ids of tasks: stored, or new in this Batch
	lanes  map[laneKey]struct{}
}

type laneKey struct {
	record store.Key
	order  string
}

func newScratch() scratch {
	return scratch{
		view:   store.View{Records: make(map[store.Key]store.Snapshot), Refs: make(map[store.Ref][]store.Key)},
		write:  make(map[store.Key]struct{}),
		claims: make(map[store.Claim]bool),
		puts:   make(map[store.Key]struct{}),
		ids:    make(map[string]struct{}),
		lanes:  make(map[laneKey]struct{}),
	}
}

func (t *scratch) reset() {
	t.view.Records, t.view.Refs = emptied(t.view.Records), emptied(t.view.Refs)
	t.view.Seen, t.view.Valid = t.view.Seen[:0], t.view.Valid[:0]
	t.write, t.claims = emptied(t.write), emptied(t.claims)
	clear(t.rows)
	clear(t.docs)
	t.rows, t.docs = t.rows[:0], t.docs[:0]
	t.puts, t.ids, t.lanes = emptied(t.puts), emptied(t.ids), emptied(t.lanes)
}

// emptied returns m without its entries, or a new map if m is large.
func emptied[K comparable, V any](m map[K]V) map[K]V {
	if len(m) > keepSize {
		return make(map[K]V)
	}
	clear(m)
	return m
}

// look fills the View for sc.
func (s *Store) look(sc *store.Scope) error {
	t := &s.scratch
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
	s.scratch.view.Records[k] = snap
	return err
}

func (s *Store) lookUp(ref store.Ref) error {
	var keys []store.Key
	var k store.Key
	err := s.each(s.do.refs, []any{ref.Tenant, ref.Kind, ref.Name, refKeys}, []any{&k.Tenant, &k.Kind, &k.ID}, func() (bool, error) {
		keys = append(keys, k)
		return true, nil
	})
	s.scratch.view.Refs[ref] = keys
	return err
}

// widen adds the keys and refs of n to the View, and reports whether any was new. A key that sc only reads and n writes
// counts as new, as in a store that would have to lock it again.
func (s *Store) widen(sc *store.Scope, n *store.Need) (widened bool, err error) {
	t := &s.scratch
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
