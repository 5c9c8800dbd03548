package route

import (
	"slices"
	"strings"
)

// shadows reports, rule by rule, never-true, shadowed and redundant rules.
func (s *survey) shadows() {
	p := newProposals(s)
	compared := 0
	for rule := range s.live {
		switch {
		case len(s.live[rule]) == 0:
			s.dead(rule)
		case s.capped:
		case compared > maxCompared:
			s.capped = true
		case !s.shadowed(p, rule, &compared):
			s.redundant(p, rule, &compared)
		}
	}
}

// shadowed reports a rule if each of its terms implies a term of an earlier rule without Continue.
func (s *survey) shadowed(p *proposals, rule int, compared *int) bool {
	var by []*profile
	for i := range s.live[rule] {
		of := &s.live[rule][i]
		first := of
		p.proposed(of, func(other *profile) bool {
			if other.rule >= first.rule {
				return false // terms come in rule order
			}
			*compared++
			if !s.goesOn[other.rule] && s.covers(other.term, of) {
				first = other
			}
			return true
		})
		if first == of {
			return false
		}
		by = append(by, first)
	}
	f := finding{kind: "shadowed", rule: rule}
	var reasons []string
	for i, other := range by {
		of := &s.live[rule][i]
		f.others = append(f.others, other.rule)
		reasons = append(reasons, s.because(of, other.term))
		if w := s.build(of); f.witness == nil && s.evaluate(rule, w) == isTrue && s.evaluate(other.rule, w) == isTrue {
			f.witness = w
		}
	}
	slices.Sort(f.others)
	f.others = slices.Compact(f.others)
	f.text = listed(reasons, "; ")
	s.add(f)
	return true
}

// redundant reports a rule that matches the same events as an earlier rule with Continue.
func (s *survey) redundant(p *proposals, rule int, compared *int) {
	same := rule
	p.proposed(&s.live[rule][0], func(other *profile) bool {
		if other.rule >= same {
			return false
		}
		*compared++
		if s.goesOn[other.rule] && s.coversAll(other.rule, rule) && s.coversAll(rule, other.rule) {
			same = other.rule
		}
		return true
	})
	if same == rule {
		return
	}
	f := finding{kind: "redundant", rule: rule, others: []int{same}, text: "each of the two implies the other"}
	for i := range s.live[rule] {
		if w := s.build(&s.live[rule][i]); s.evaluate(rule, w) == isTrue && s.evaluate(same, w) == isTrue {
			f.witness = w
			break
		}
	}
	s.add(f)
}

// coversAll reports whether each term of a rule implies some term of another rule.
func (s *survey) coversAll(by, rule int) bool {
	for i := range s.live[rule] {
		of := &s.live[rule][i]
		if !slices.ContainsFunc(s.live[by], func(o profile) bool { return s.covers(o.term, of) }) {
			return false
		}
	}
	return true
}

// because explains why a term implies another term.
func (s *survey) because(of *profile, term []lit) string {
	if len(term) == 0 {
		return "that is true for every event"
	}
	reasons := make([]string, 0, len(term))
	for _, y := range term {
		a, text := &s.atoms[y.atom()], s.litText(y)
		_, both := slices.BinarySearch(of.term, y)
		switch w := s.viewOf(of, max(a.slot, 0)); {
		case both:
			reasons = append(reasons, "both demand "+text)
		case a.kind == atomHas || w == nil:
			reasons = append(reasons, "it is false or an error unless "+text)
		default:
			reasons = append(reasons, s.litTexts(w.lits)+" implies "+text)
		}
	}
	return strings.Join(reasons, ", and ")
}
