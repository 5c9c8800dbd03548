package memory

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestSortedIsASortedSlice compares a sorted with a slice, over several blocks.
func TestSortedIsASortedSlice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newSorted(cmp.Compare[int])
		want := []int{}
		numbers := rapid.SliceOfN(rapid.IntRange(0, 9_999), 0, 5*blockSize)
		for _, v := range numbers.Draw(r, "insert") {
			s.insert(v)
			want = append(want, v)
		}
		if rapid.Bool().Draw(r, "grow") {
			for v := range 4 * blockSize {
				s.insert(v)
				want = append(want, v)
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)
		for _, v := range numbers.Draw(r, "remove") {
			s.remove(v)
			want = slices.DeleteFunc(want, func(o int) bool { return o == v })
		}
		cut := rapid.IntRange(0, 9_999).Draw(r, "remove below")
		if rapid.Bool().Draw(r, "cut") {
			for v, ok := s.first(); ok && v < cut; v, ok = s.first() {
				s.remove(v)
			}
			want = slices.DeleteFunc(want, func(o int) bool { return o < cut })
		}
		require.Equal(r, want, append([]int{}, slices.Collect(s.all())...))
		require.Equal(r, len(want) == 0, s.empty())
		from := rapid.IntRange(0, 10_001).Draw(r, "from")
		rest := slices.Collect(s.from(func(v int) bool { return v >= from }))
		at, _ := slices.BinarySearch(want, from)
		require.Equal(r, want[at:], append([]int{}, rest...))
		for i, b := range s.blocks {
			require.LessOrEqual(r, len(b), blockSize)
			require.True(r, len(b) > 0 || len(s.blocks) == 1, "block %d is empty", i)
		}
	})
}

func TestSetsKeepNothingEmpty(t *testing.T) {
	s := newSets[string](cmp.Compare[int])
	s.add("a", 1)
	s.add("a", 1)
	s.add("a", 2)
	s.remove("b", 1)
	s.remove("a", 1)
	require.Equal(t, []int{2}, slices.Collect(s.of("a").all()))
	require.Empty(t, slices.Collect(s.of("b").all()))
	s.remove("a", 2)
	require.Empty(t, s.by)
}

func TestRingIsAQueue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var q ring[int]
		var want []int
		for i, push := range rapid.SliceOfN(rapid.Bool(), 0, 300).Draw(r, "push") {
			if push || rapid.IntRange(0, 3).Draw(r, "rather push") > 0 {
				q.push(i)
				want = append(want, i)
			} else if len(want) > 0 {
				require.Equal(r, want[0], q.pop())
				want = want[1:]
			}
			require.Equal(r, len(want), q.n)
			for j, v := range want {
				require.Equal(r, v, *q.at(j))
			}
		}
	})
}
