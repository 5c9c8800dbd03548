package sim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/core"
)

// Numbers returns the ids of the incidents in the order in which they opened, and a replacer that puts their numbers, from #1, in the
// place of their ids.
func (s *Sim) Numbers() (opened []string, names *strings.Replacer) {
	for i := range s.entries {
		if e := &s.entries[i]; e.of.Kind == core.KindIncident && !slices.Contains(opened, e.About) {
			opened = append(opened, e.About)
		}
	}
	type name struct{ id, number string }
	named := make([]name, len(opened))
	for i, id := range opened {
		named[i] = name{id, "#" + strconv.Itoa(i+1)}
	}
	slices.SortStableFunc(named, func(a, b name) int { return cmp.Compare(len(b.id), len(a.id)) }) // an id may be a prefix of another
	var pairs []string
	for _, n := range named {
		pairs = append(pairs, n.id, n.number)
	}
	return opened, strings.NewReplacer(pairs...)
}

// Transcript formats entries as the lines of a story, see package tocsintest: grouped by incident and alert in the order of their first
// entries, with the numbers of incidents in the place of their ids, and with offsets from an instant. Entries that the caller has made stand
// under their About as it is.
func (s *Sim) Transcript(entries []Entry, from time.Time) []string {
	_, names := s.Numbers()
	var order []string
	blocks := make(map[string][]string)
	for i := range entries {
		e := &entries[i]
		if blocks[e.About] == nil {
			order = append(order, e.About)
			title := names.Replace(e.About)
			if e.of.Kind == core.KindAlert {
				title = "alert " + title
			}
			blocks[e.About] = []string{title}
		}
		blocks[e.About] = append(blocks[e.About], "  "+names.Replace(e.Line(from)))
	}
	var lines []string
	for _, of := range order {
		lines = append(lines, blocks[of]...)
	}
	return lines
}
