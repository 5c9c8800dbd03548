package route

import "sync"

// engine is a table without the results of its rules. It is immutable except for caches.
type engine struct {
	env    *environment
	limits *Limits
	space  *space
	index  *index
	reads  readSet

	lits     []lit   // literals of all terms
	termEnds []int32 // end of each term in lits
	ruleEnds []int32 // end of each rule in termEnds
	goesOn   []bool  // Continue, by rule

	matchers  sync.Pool
	inspected inspections
}

func newEngine(c *compiler, rules []ruleTerms) *engine {
	e := &engine{env: c.env, limits: c.limits, space: c.space, reads: newReadSet(c.space, rules)}
	e.index = newIndex(c.space, rules)
	for _, terms := range rules {
		for _, term := range terms {
			e.lits = append(e.lits, term...)
			e.termEnds = append(e.termEnds, int32(len(e.lits)))
		}
		e.ruleEnds = append(e.ruleEnds, int32(len(e.termEnds)))
	}
	return e
}

// terms returns the terms of a rule.
func (e *engine) terms(rule int) ruleTerms {
	from := int32(0)
	if rule > 0 {
		from = e.ruleEnds[rule-1]
	}
	terms := make(ruleTerms, 0, e.ruleEnds[rule]-from)
	for t := from; t < e.ruleEnds[rule]; t++ {
		begin := int32(0)
		if t > 0 {
			begin = e.termEnds[t-1]
		}
		terms = append(terms, e.lits[begin:e.termEnds[t]:e.termEnds[t]])
	}
	return terms
}

// inUse returns the number of atoms in rules, without atoms inside other atoms.
func (e *engine) inUse() int {
	used := make([]bool, len(e.space.atoms))
	n := 0
	for _, l := range e.lits {
		if !used[l.atom()] {
			used[l.atom()] = true
			n++
		}
	}
	return n
}

// lend returns a pooled matcher for an event. Call release afterwards.
func (e *engine) lend(f *Facts) *matcher {
	m, ok := e.matchers.Get().(*matcher)
	if !ok {
		m = newMatcher(e)
	}
	m.turn(f)
	return m
}

// match returns a pooled matcher that has matched an event. Call release afterwards.
func (e *engine) match(f *Facts, first bool) *matcher {
	m := e.lend(f)
	m.first = first
	m.match()
	return m
}

func (e *engine) release(m *matcher) {
	m.end()
	e.matchers.Put(m)
}
