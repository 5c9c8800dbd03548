package route

import "iter"

// Outcome is the outcome of one rule for an event.
type Outcome string

// The outcomes of a rule.
const (
	Matched    Outcome = "matched"
	Failed     Outcome = "failed"
	Erred      Outcome = "erred"
	NotReached Outcome = "not reached"
)

// Step explains one rule.
type Step struct {
	Rule    string
	Outcome Outcome
	// Detail is the first false condition with the values that it read, as in event.data.usage > 3.0 (event.data.usage is 2). If the
	// rule failed, it is the text of the error.
	Detail string
	// Cost is the cost class of the rule's most expensive part:
	//   - key: found by one lookup; costs only events with the key
	//   - automaton: found by one pass over a text, shared by all such rules
	//   - threshold: found by a search among the numbers of all rules
	//   - shape: evaluated for every event, once for all rules with equal conditions
	//   - opaque: like shape, but evaluated by cel-go, which takes ten times as long
	//   - none: can never match
	Cost string
}

// Explain iterates over all rules in order, and explains the outcome of each in [Table.First]. It evaluates a rule when the
// iteration reaches it. The first explanation of a failed rule compiles a program and is slow; later ones are fast.
func (t *Table[T]) Explain(f *Facts) iter.Seq[Step] {
	return func(yield func(Step) bool) {
		m := t.lend(f)
		defer t.release(m)
		done := false
		for i := range t.rules {
			r := &t.rules[i]
			terms := t.terms(i)
			step := Step{Rule: r.ID, Outcome: NotReached, Cost: t.space.cost(terms)}
			if !done {
				switch m.terms(terms) {
				case isTrue:
					step.Outcome, done = Matched, !r.Continue
				case isErr:
					step.Outcome, step.Detail = Erred, t.reason(r.When, f).Error()
				default:
					step.Outcome, step.Detail = Failed, t.firstFalse(r.When, f)
				}
			}
			if !yield(step) {
				return
			}
		}
	}
}

// terms evaluates one rule, without the index.
func (e *evaluator) terms(terms ruleTerms) kleene {
	most := isFalse
	for _, term := range terms {
		least := isTrue
		for _, l := range term {
			least = min(least, e.literal(l))
		}
		most = max(most, least)
	}
	return most
}

// cost returns the class of the most expensive term.
func (s *space) cost(terms ruleTerms) string {
	classes := [...]string{"none", "key", "automaton", "threshold", "shape", "opaque"}
	dearest := 0
	for _, term := range terms {
		dearest = max(dearest, s.termCost(term))
	}
	return classes[dearest]
}

func (s *space) termCost(term []lit) int {
	if ways := s.accesses(term); len(ways) > 0 {
		switch k := &ways[0]; {
		case k.tier == tierRange:
			return 3
		case k.tier == tierText && k.measure != byValue:
			return 2
		}
		return 1
	}
	for _, l := range term {
		if s.atoms[l.atom()].kind == atomOpaque {
			return 5
		}
	}
	return 4
}
