package route

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
)

// Finding is something wrong with a rule.
type Finding struct {
	Kind    string   // see [Table.Vet] and [Table.Overlaps]
	Rule    string   // its id; empty where the finding is about the table
	Others  []string // the rules that it is about beside this one, in rule order
	Text    string   // why
	Witness *Facts   // what shows it; nil where none could be made
}

// Bounds of a report, and of the work for it.
const (
	maxFindings = 1_000     // of a kind
	maxCompared = 2_000_000 // pairs of terms
	maxReasons  = 3         // in one finding
)

// Vet reports what is wrong with the rules without an event at hand. It says only what is so for every event, and nothing of
// what it cannot tell: of conditions that are left to cel-go, of what a rule over [Limits].Terms is made of, of what only
// several conditions together imply. The kinds:
//
//   - never-true: no event matches the rule;
//   - only-errs: the same, and it errs for the witness;
//   - shadowed: whatever matches the rule also matches one of Others, all before it and without Continue, so that
//     [Table.First] never comes to it. [Table.All] does: there it says that an earlier rule always matches, too;
//   - redundant: the rule matches what the one in Others matches, no less and no more; that is before it and has Continue;
//   - unguarded: the rule and each of Others err for an event only because it lacks a key; the witness is that of the rule;
//   - unfolded: the rule and each of Others read what differs in every event, so that there is no fingerprint; no witness;
//   - capped: there is more, beyond 1,000 findings of a kind or 2,000,000 comparisons.
//
// A witness of a shadowed or redundant rule matches it and one of Others. Findings come in rule order, unguarded and
// unfolded ones last, in that of their first rules.
func (t *Table[T]) Vet() []Finding {
	s := newSurvey(t.engine)
	s.shadows()
	s.unguarded()
	s.unfolded()
	return t.findings(s)
}

// Overlaps reports, of kind overlaps, which other rules match events that the rule with the id matches, too: each with such an
// event as the witness. Those for which none could be made are missing. An unknown id overlaps nothing.
func (t *Table[T]) Overlaps(id string) []Finding {
	rule := slices.IndexFunc(t.rules, func(r Rule[T]) bool { return r.ID == id })
	if rule < 0 {
		return nil
	}
	s := newSurvey(t.engine)
	s.overlaps(rule)
	return t.findings(s)
}

func (t *Table[T]) findings(s *survey) []Finding {
	all := make([]Finding, len(s.found))
	for i, f := range s.found {
		all[i] = Finding{Kind: f.kind, Rule: t.rules[f.rule].ID, Text: f.text, Witness: f.witness}
		all[i].Others = slices.Grow(all[i].Others, len(f.others))
		for _, o := range f.others {
			all[i].Others = append(all[i].Others, t.rules[o].ID)
		}
	}
	if s.capped {
		all = append(all, Finding{Kind: "capped", Text: "there is more to find than is reported"})
	}
	return all
}

// survey collects findings.
type survey struct {
	*vetter
	*engine
	rules   []ruleTerms
	all     []profile   // the terms that may be true
	live    [][]profile // the same by rule
	found   []finding
	count   map[string]int // by kind
	capped  bool
	scratch *Facts
}

// finding is a Finding, with rules by number.
type finding struct {
	kind    string
	rule    int
	others  []int
	text    string
	witness *Facts
}

func newSurvey(e *engine) *survey {
	s := &survey{
		vetter: newVetter(e), engine: e, rules: make([]ruleTerms, len(e.ruleEnds)),
		all: make([]profile, 0, len(e.termEnds)), live: make([][]profile, len(e.ruleEnds)),
		count: make(map[string]int), scratch: &Facts{Event: &event.Event{}},
	}
	for rule := range s.rules {
		from := len(s.all)
		s.rules[rule] = e.terms(rule)
		for _, term := range s.rules[rule] {
			if p := s.profile(term); p.why == "" {
				p.rule = rule
				s.all = append(s.all, p)
			}
		}
		s.live[rule] = s.all[from:]
	}
	return s
}

func (s *survey) add(f finding) {
	if s.count[f.kind]++; s.count[f.kind] > maxFindings {
		s.capped = true
		return
	}
	s.found = append(s.found, f)
}

// dead reports a rule none of whose terms may be true.
func (s *survey) dead(rule int) {
	f := finding{kind: "never-true", rule: rule, text: "it is false for every event"}
	var reasons []string
	for _, term := range s.rules[rule] {
		p := s.profile(term)
		reasons = append(reasons, p.why)
		if w := s.build(&p); f.witness == nil && s.evaluate(rule, w) == isErr {
			f.kind, f.witness = "only-errs", w
		}
	}
	if len(reasons) > 0 {
		slices.Sort(reasons)
		f.text = listed(slices.Compact(reasons), ", and ")
	}
	s.add(f)
}

// unfolded reports what keeps events from having a fingerprint, by the path that is read.
func (s *survey) unfolded() {
	if !s.reads.whole {
		return
	}
	by := make(map[string][]int)
	reads := readCollector{s.engine.space, make(map[int32]bool), make(map[int32]bool)}
	for rule := range s.live {
		clear(reads.seen)
		clear(reads.atoms)
		for _, term := range s.rules[rule] {
			for _, l := range term {
				reads.atom(l.atom())
			}
		}
		for slot := range reads.seen {
			if differs(&s.engine.space.slots[slot]) {
				path := s.engine.space.path(slot)
				by[path] = append(by[path], rule)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(by)) {
		s.add(finding{kind: "unfolded", rule: by[path][0], others: by[path][1:], text: path + " differs in every event"})
	}
}

// listed joins the first texts.
func listed(texts []string, with string) string {
	if more := len(texts) - maxReasons; more > 0 {
		texts = append(slices.Clone(texts[:maxReasons]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(texts, with)
}

// evaluate returns what a rule is for an event.
func (s *survey) evaluate(rule int, f *Facts) kleene {
	s.check.begin(f)
	return s.check.terms(s.rules[rule])
}

// overlaps makes an event that matches two rules, for each other rule.
func (s *survey) overlaps(rule int) {
	for other := range s.live {
		if other == rule {
			continue
		}
		if w := s.meeting(rule, other); w != nil {
			s.add(finding{kind: "overlaps", rule: rule, others: []int{other}, text: "both match the witness", witness: w})
		}
	}
}

// meeting returns an event that matches both rules, nil if none could be made.
func (s *survey) meeting(rule, other int) *Facts {
	for i := range s.live[rule] {
		for j := range s.live[other] {
			p := s.profile(joinTerms(s.live[rule][i].term, s.live[other][j].term))
			if p.why != "" {
				continue
			}
			if w := s.build(&p); s.evaluate(rule, w) == isTrue && s.evaluate(other, w) == isTrue {
				return w
			}
		}
	}
	return nil
}
