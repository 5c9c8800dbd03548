package memory

import (
	"iter"
	"slices"
	"sort"
)

// blockSize bounds what one insert or removal shifts, and keeps the list of blocks short for a million items.
const blockSize = 512

// sorted is an ordered set in blocks. What cmp looks at must not change while an item is inside. A nil set is empty.
type sorted[T any] struct {
	cmp    func(a, b T) int
	blocks [][]T // at least one; none empty, unless it is the only one
}

func newSorted[T any](cmp func(a, b T) int) *sorted[T] {
	return &sorted[T]{cmp: cmp, blocks: make([][]T, 1)}
}

// find tells where v is, or where it belongs.
func (s *sorted[T]) find(v T) (block, at int, found bool) {
	block = sort.Search(len(s.blocks)-1, func(i int) bool {
		b := s.blocks[i]
		return s.cmp(b[len(b)-1], v) >= 0
	})
	at, found = slices.BinarySearchFunc(s.blocks[block], v, s.cmp)
	return block, at, found
}

func (s *sorted[T]) insert(v T) {
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

// all yields the items in order. The set must not change meanwhile.
func (s *sorted[T]) all() iter.Seq[T] { return s.from(func(T) bool { return true }) }

// from yields the items in order, beginning with the first for which reached answers true. reached must stay true from
// there on, and the set must not change meanwhile.
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

// sets holds one ordered set for every key that has an item.
type sets[K comparable, T any] struct {
	cmp func(a, b T) int
	by  map[K]*sorted[T]
}

func newSets[K comparable, T any](cmp func(a, b T) int) sets[K, T] {
	return sets[K, T]{cmp: cmp, by: make(map[K]*sorted[T])}
}

func (s *sets[K, T]) add(k K, v T) {
	set := s.by[k]
	if set == nil {
		set = newSorted(s.cmp)
		s.by[k] = set
	}
	set.insert(v)
}

func (s *sets[K, T]) remove(k K, v T) {
	set := s.by[k]
	if set == nil {
		return
	}
	set.remove(v)
	if set.empty() {
		delete(s.by, k)
	}
}
