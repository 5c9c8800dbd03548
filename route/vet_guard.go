package route

import (
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/event"
)

// unguarded reports, key by key, which rules err for events that lack it. A rule is named only if an event was made that matches
// it, and that makes it err once the key is taken away.
func (s *survey) unguarded() {
	at := make(map[int32]int) // by the slot of the key: in all
	var all []finding
	for rule, terms := range s.live {
		for i := range terms {
			s.unguardedKeys(rule, &terms[i], func(key int32, less *Facts) {
				n, known := at[key]
				switch {
				case !known:
					at[key] = len(all)
					all = append(all, finding{kind: "unguarded", rule: rule, witness: less})
					s.scratch = &Facts{Event: &event.Event{}} // the witness is kept
				case all[n].rule != rule && !slices.Contains(all[n].others[max(0, len(all[n].others)-1):], rule):
					all[n].others = append(all[n].others, rule)
				}
			})
		}
	}
	for key, n := range at {
		all[n].text = fmt.Sprintf("for events without %s it errs", s.path(key))
		if others := len(all[n].others); others > 0 {
			all[n].text += fmt.Sprintf(", and so do %d others", others)
		}
	}
	for _, f := range all {
		s.add(f)
	}
}

// unguardedKeys visits the keys without which the rule errs because of one of its terms, each with such an event, which is only
// lent.
func (s *survey) unguardedKeys(rule int, of *profile, visit func(key int32, less *Facts)) {
	matched := false
	for _, w := range of.views {
		key := w.slot
		if sl := &s.slots[key]; sl.kind != slotKey || of.demands(s.vetter, sl.parent, sl.name) {
			continue
		}
		s.buildIn(s.scratch, of)
		if matched = matched || s.evaluate(rule, s.scratch) == isTrue; !matched {
			return
		}
		if s.scratch.remove(s.places[key]) && s.evaluate(rule, s.scratch) == isErr {
			visit(key, s.scratch)
		}
	}
}
