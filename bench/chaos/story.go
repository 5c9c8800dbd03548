package main

import (
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/incident"
)

// page identifies a page that one person may get under one key only.
type page struct {
	round, level int
	to           string
}

// story is the pages of an incident, as its timeline tells them.
type story struct {
	fired   map[page]int
	excused map[page]incident.Word // withdrawn, or failed because its time had passed: it need not come, or may come late
	taken   bool
	after   int // levels that fired although a person had acknowledged the incident
}

func readStory(entries []incident.Entry) *story {
	s := &story{fired: make(map[page]int), excused: make(map[page]incident.Word)}
	rounds := make(map[int]int) // the latest round of each level
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Word == incident.WordAcknowledged:
			s.taken = true
		case e.Word == incident.WordLevel:
			s.level(e, rounds)
		case e.Word == incident.WordWithdrawn || e.Word.Kind() == incident.KindPage && strings.Contains(e.Text, "  failed: "):
			s.excuse(e, rounds)
		}
	}
	return s
}

func (s *story) level(e *incident.Entry, rounds map[int]int) {
	p := page{round: 1}
	_, _ = fmt.Sscan(e.Of, &p.level)
	who, round, again := strings.Cut(strings.TrimPrefix(e.Text, "pages "), "  round ")
	if again {
		_, _ = fmt.Sscan(round, &p.round)
	}
	rounds[p.level] = p.round
	for p.to = range strings.SplitSeq(who, ", ") {
		s.fired[p]++
	}
	if s.taken {
		s.after++
	}
}

func (s *story) excuse(e *incident.Entry, rounds map[int]int) {
	columns := strings.Split(e.Text, "  ")
	var p page
	if n, _ := fmt.Sscanf(columns[0], "level %d", &p.level); n == 1 && len(columns) > 1 {
		p.round, p.to = rounds[p.level], columns[1]
		s.excused[p] = e.Word
	}
}
