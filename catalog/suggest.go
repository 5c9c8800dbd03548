package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// suggest returns ", did you mean …?" with the word that is nearest to what was found, "" where none is near.
func suggest(found string, words []string) string {
	best := nearest(found, words)
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// nearest returns the word that was probably meant: one or two letters away, or written with other capitals or dashes.
func nearest(found string, words []string) string {
	dashes := strings.NewReplacer("_", "", "-", "", " ", "")
	plain := func(s string) string { return strings.ToLower(dashes.Replace(s)) }
	best, least := "", 1+min(2, len(found)/3)
	for _, w := range words {
		if d := distance(plain(found), plain(w), least); d < least && w != found {
			best, least = w, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, change or swap with their neighbour to get from a to b; limit stands for
// all that is not below it.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// choices lists the names that there are, at most eight of them.
func choices[K ~string, V any](in map[K]V) string {
	if len(in) == 0 {
		return "none, since there are none"
	}
	names := sorted(in)
	const most = 8
	if more := len(names) - most; more > 0 {
		names = append(names[:most:most], fmt.Sprintf("… (%d more)", more))
	}
	return "one of " + strings.Join(names, ", ")
}

// sorted returns the keys of a map in order.
func sorted[K ~string, V any](in map[K]V) []string {
	names := make([]string, 0, len(in))
	for k := range maps.Keys(in) {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}

// either lists words as in "a, b or c".
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
