package route

import "iter"

// Outcome is what became of one rule.
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
	// Detail is the first condition that failed, or the text of the error.
	Detail string
	// Cost is how events find the rule, by its most expensive part. With "key" one look-up finds it among any number of rules, so
	// it costs only those events that have the key; "automaton" is a walk over a text for all such rules together, "threshold" a
	// search among the numbers that rules compare the same thing to. "shape" and "opaque" are evaluated for every event, once
	// for all rules with the same conditions; opaque ones by cel-go, which takes ten times as long. "none" can never match.
	Cost string
}

// Explain says of every rule, in order, what [Table.First] made of it and why. A rule is looked at when the caller comes to
// it, so to stop early costs nothing; the first look at why a rule fails takes long, the next ones do not.
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

// terms evaluates a rule by itself.
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
