package route

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
)

// Finding is a fault that [Table.Vet] or [Table.Overlaps] reports.
type Finding struct {
	Kind    string   // see [Table.Vet] and [Table.Overlaps]
	Rule    string   // id of the rule; empty for a finding about the table
	Others  []string // ids of further rules of the finding, in rule order
	Text    string   // explanation for people
	Witness *Facts   // an example that shows the fault; nil if none was found
}

// Limits of a report and of the work for it.
const (
	maxFindings = 1_000     // per kind
	maxCompared = 2_000_000 // pairs of terms
	maxReasons  = 3         // in one finding
)

// Vet analyses the rules statically. A finding holds for all events. Faults may stay unreported: Vet does not analyse conditions
// that cel-go evaluates, parts of a rule beyond [Limits].Terms, and implications of several conditions together. The kinds are
//
//   - never-true: no event matches the rule.
//   - only-errs: no event matches the rule, and it fails on the witness.
//   - shadowed: every event that matches the rule also matches a rule of Others. These are earlier and have no Continue, so
//     [Table.First] never reaches the rule. In [Table.All], it matches only together with an earlier rule.
//   - redundant: the rule matches exactly the same events as the rule in Others, which is earlier and has Continue.
//   - unguarded: the rule and each of Others fail if the event lacks a key. The witness is an event for the rule.
//   - int-arithmetic: the rule adds an int to a value in data, or takes % of it. That fails for every number, because a number in
//     data is a double. The text says what to write. No witness.
//   - unfolded: the rule and each of Others read a value unique to each event, so events have no fingerprint. No witness.
//   - capped: the analysis stopped after 1,000 findings of a kind or 2,000,000 comparisons.
//
// The witness of a shadowed or redundant rule matches it and a rule of Others. Findings are in rule order. The kinds unguarded,
// int-arithmetic and unfolded come last, in the order of their first rules.
func (t *Table[T]) Vet() []Finding {
	s := newSurvey(t.engine)
	s.shadows()
	s.unguarded()
	s.intArithmetic()
	s.unfolded()
	return t.findings(s)
}

// Overlaps reports the rules that can match the same event as the rule with the given id. Each finding has kind overlaps and such
// an event as its witness. A rule for which no witness was found is not reported. An unknown id gives no findings.
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
	all     []profile   // terms that may be true
	live    [][]profile // these terms by rule
	found   []finding
	count   map[string]int // by kind
	capped  bool
	scratch *Facts
}

// finding is a Finding with rule numbers in place of ids.
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

// dead reports a rule without a term that may be true.
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

// unfolded reports the paths that prevent fingerprints, with the rules that read them.
func (s *survey) unfolded() {
	if !s.reads.whole {
		return
	}
	by := make(map[string][]int)
	for rule, reads := range s.reading() {
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

// reading iterates over the rules with the slots and conditions of each, which are valid until the next rule.
func (s *survey) reading() iter.Seq2[int, *readCollector] {
	return func(yield func(int, *readCollector) bool) {
		reads := &readCollector{s.engine.space, make(map[int32]bool), make(map[int32]bool)}
		for rule := range s.live {
			clear(reads.seen)
			clear(reads.atoms)
			for _, term := range s.rules[rule] {
				for _, l := range term {
					reads.atom(l.atom())
				}
			}
			if !yield(rule, reads) {
				return
			}
		}
	}
}

// intArithmetic reports arithmetic of values in data with ints.
func (s *survey) intArithmetic() {
	advised := func(a atom) bool { return a.opaque != nil && a.opaque.advice != "" }
	if !slices.ContainsFunc(s.engine.space.atoms, advised) {
		return
	}
	for rule, reads := range s.reading() {
		var advice []string
		for id := range reads.atoms {
			if a := s.engine.space.atoms[id]; advised(a) {
				advice = append(advice, a.opaque.advice)
			}
		}
		if len(advice) > 0 {
			slices.Sort(advice)
			s.add(finding{kind: "int-arithmetic", rule: rule, text: listed(slices.Compact(advice), "; ")})
		}
	}
}

// listed joins the first maxReasons texts.
func listed(texts []string, with string) string {
	if more := len(texts) - maxReasons; more > 0 {
		texts = append(slices.Clone(texts[:maxReasons]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(texts, with)
}

// evaluate returns the value of a rule for an event.
func (s *survey) evaluate(rule int, f *Facts) kleene {
	s.check.begin(f)
	return s.check.terms(s.rules[rule])
}

// overlaps tries to build, for each other rule, an event that matches both rules.
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

// meeting returns an event that matches both rules, nil if none was found.
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
