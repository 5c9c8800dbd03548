package route

import (
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/event"
)

// unguarded reports, for each key, the rules that err for events without it. It reports a rule only with a witness: an event that
// matches the rule, and makes it err after the key is removed.
func (s *survey) unguarded() {
	at := make(map[int32]int) // index in all, by slot of the key
	var all []finding
	for rule, terms := range s.live {
		for i := range terms {
			s.unguardedKeys(rule, &terms[i], func(key int32, less *Facts) {
				n, known := at[key]
				switch {
				case !known:
					at[key] = len(all)
					all = append(all, finding{kind: "unguarded", rule: rule, witness: less})
					s.scratch = &Facts{Event: &event.Event{}} // the old scratch is kept as the witness
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

// unguardedKeys visits the keys without which a term makes the rule err, each with such an event. The event is valid only during
// the visit.
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
