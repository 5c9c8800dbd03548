package memory

import (
	"iter"
	"slices"
	"sort"
)

// blockSize bounds how many items one insert or removal shifts. With a million items the list of blocks is still short.
const blockSize = 512

// sorted is an ordered set, stored in blocks. Fields that cmp reads must not change while an item is in the set. A nil
// set is empty.
type sorted[T any] struct {
	cmp    func(a, b T) int
	blocks [][]T // at least one block; a block is empty only in an empty set
}

func newSorted[T any](cmp func(a, b T) int) *sorted[T] {
	return &sorted[T]{cmp: cmp, blocks: make([][]T, 1)}
}

// find returns the position of v, or the position at which to insert it.
func (s *sorted[T]) find(v T) (block, at int, found bool) {
	block = sort.Search(len(s.blocks)-1, func(i int) bool {
		b := s.blocks[i]
		return s.cmp(b[len(b)-1], v) >= 0
	})
	at, found = slices.BinarySearchFunc(s.blocks[block], v, s.cmp)
	return block, at, found
}

func (s *sorted[T]) insert(v T) {
	last := &s.blocks[len(s.blocks)-1]
	if n := len(*last); n > 0 && n < blockSize && s.cmp((*last)[n-1], v) < 0 { // fast path: most keys are added in ascending order
		*last = append(*last, v)
		return
	}
	i, at, found := s.find(v)
	if found {
		return
	}
	b := slices.Insert(s.blocks[i], at, v)
	if len(b) > blockSize {
		upper := slices.Clone(b[blockSize/2:])
		clear(b[blockSize/2:])
		b = b[:blockSize/2]
		s.blocks = slices.Insert(s.blocks, i+1, upper)
	}
	s.blocks[i] = b
}

func (s *sorted[T]) remove(v T) {
	i, at, found := s.find(v)
	if !found {
		return
	}
	s.blocks[i] = slices.Delete(s.blocks[i], at, at+1)
	if len(s.blocks[i]) == 0 && len(s.blocks) > 1 {
		s.blocks = slices.Delete(s.blocks, i, i+1)
	}
}

func (s *sorted[T]) first() (v T, ok bool) {
	if len(s.blocks[0]) == 0 {
		return v, false
	}
	return s.blocks[0][0], true
}

func (s *sorted[T]) empty() bool { return len(s.blocks[0]) == 0 }

// all yields the items in order. The set must not change during the iteration.
func (s *sorted[T]) all() iter.Seq[T] { return s.from(func(T) bool { return true }) }

// from yields the items in order, from the first for which reached is true. reached must be true for all items after it.
// The set must not change during the iteration.
func (s *sorted[T]) from(reached func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		if s == nil {
			return
		}
		i := sort.Search(len(s.blocks)-1, func(i int) bool {
			b := s.blocks[i]
			return reached(b[len(b)-1])
		})
		at := sort.Search(len(s.blocks[i]), func(j int) bool { return reached(s.blocks[i][j]) })
		for ; i < len(s.blocks); i++ {
			for _, v := range s.blocks[i][at:] {
				if !yield(v) {
					return
				}
			}
			at = 0
		}
	}
}

// sets holds an ordered set for each key that has an item.
type sets[K, T comparable] struct {
	cmp func(a, b T) int
	by  map[K]members[T]
}

// members is one set. Most sets have a single item, which is stored without a sorted.
type members[T any] struct {
	one  T
	many *sorted[T] // nil: the set has the single item in one
}

func newSets[K, T comparable](cmp func(a, b T) int) sets[K, T] {
	return sets[K, T]{cmp: cmp, by: make(map[K]members[T])}
}

func (s *sets[K, T]) add(k K, v T) {
	switch set, ok := s.by[k]; {
	case !ok:
		s.by[k] = members[T]{one: v}
	case set.many != nil:
		set.many.insert(v)
	case set.one != v:
		many := newSorted(s.cmp)
		many.insert(set.one)
		many.insert(v)
		s.by[k] = members[T]{many: many}
	}
}

func (s *sets[K, T]) remove(k K, v T) {
	set, ok := s.by[k]
	if set.many != nil {
		set.many.remove(v)
		ok = set.many.empty()
	} else {
		ok = ok && set.one == v
	}
	if ok {
		delete(s.by, k)
	}
}

// of returns the set of the key. The caller must not change it.
func (s *sets[K, T]) of(k K) *sorted[T] {
	set, ok := s.by[k]
	if ok && set.many == nil {
		return &sorted[T]{cmp: s.cmp, blocks: [][]T{{set.one}}}
	}
	return set.many
}
