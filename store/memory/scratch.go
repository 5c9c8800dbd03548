package memory

import "github.com/tocsin-dev/tocsin/store"

const (
	refKeys  = 1_000 // most keys of one ref in a View
	keepSize = 4_096 // larger maps are dropped: clear takes time by capacity, and the next Update may be small
)

// scratch holds the working data of one Update. It is cleared and reused, so that an ordinary Update allocates almost
// nothing.
type scratch struct {
	view store.View
	keys []store.Key // backs the lists in view.Refs

	claims map[store.Claim]bool   // claims of the scope: valid, and not yet settled by this Batch
	write  map[store.Key]struct{} // keys locked for writing; filled once there is a Need

	// filled while a Batch is checked
	batch uint64                 // number of the checked Batch
	rows  []*record              // records of its changes, nil for new records
	puts  map[store.Key]struct{} // keys of new records
	ids   map[string]struct{}
	lanes map[laneKey]struct{}
}

func newScratch() scratch {
	return scratch{
		view:   store.View{Records: make(map[store.Key]store.Snapshot), Refs: make(map[store.Ref][]store.Key)},
		claims: make(map[store.Claim]bool),
		write:  make(map[store.Key]struct{}),
		puts:   make(map[store.Key]struct{}),
		ids:    make(map[string]struct{}),
		lanes:  make(map[laneKey]struct{}),
	}
}

func (t *scratch) reset() {
	t.view.Records, t.view.Refs = emptied(t.view.Records), emptied(t.view.Refs)
	t.view.Seen, t.view.Valid = t.view.Seen[:0], t.view.Valid[:0]
	if cap(t.keys) > keepSize {
		t.keys = nil
	}
	clear(t.keys)
	t.keys = t.keys[:0]
	t.claims, t.write = emptied(t.claims), emptied(t.write)
	clear(t.rows)
	t.rows = t.rows[:0]
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
func (s *Store) look(sc *store.Scope) {
	t := &s.scratch
	for _, k := range sc.Write {
		t.view.Records[k] = s.versioned(k)
	}
	for _, k := range sc.Read {
		t.view.Records[k] = s.versioned(k)
	}
	for _, ref := range sc.Refs {
		s.lookUp(ref)
	}
	for _, id := range sc.Events {
		t.view.Seen = append(t.view.Seen, s.events.has(id))
	}
	for _, c := range sc.Claims {
		valid := s.ours(c)
		t.view.Valid = append(t.view.Valid, valid)
		t.claims[c] = valid
	}
}

func (s *Store) versioned(k store.Key) store.Snapshot {
	if r := s.records[k]; r != nil {
		return store.Snapshot{Key: k, Version: r.version, Rec: r.rec}
	}
	return store.Snapshot{Key: k}
}

func (s *Store) lookUp(ref store.Ref) {
	t := &s.scratch
	from := len(t.keys)
	for r := range s.refs.of(ref).all() {
		if len(t.keys)-from == refKeys {
			break
		}
		t.keys = append(t.keys, r.key)
	}
	t.view.Refs[ref] = t.keys[from:len(t.keys):len(t.keys)]
}

// widen adds the keys and refs of n to the View, and reports whether any was new. A key that sc only reads and n writes
// counts as new, since a shared store would have to lock it again.
func (s *Store) widen(sc *store.Scope, n *store.Need) bool {
	t := &s.scratch
	for _, k := range sc.Write {
		t.write[k] = struct{}{}
	}
	widened := false
	for _, k := range n.Write {
		if _, held := t.write[k]; !held {
			t.write[k] = struct{}{}
			t.view.Records[k] = s.versioned(k)
			widened = true
		}
	}
	for _, k := range n.Read {
		if _, held := t.view.Records[k]; !held {
			t.view.Records[k] = s.versioned(k)
			widened = true
		}
	}
	for _, ref := range n.Refs {
		if _, held := t.view.Refs[ref]; !held {
			s.lookUp(ref)
			widened = true
		}
	}
	return widened
}
