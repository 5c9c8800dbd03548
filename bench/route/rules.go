package main

import (
	"fmt"
	"strconv"
)

// rule is one rule in the language of each engine.
type rule struct {
	id       string
	cel      string
	expr     string
	matchers string // for Alertmanager; "" if matchers on labels cannot express the rule
}

// shape is one kind of rule: formats with the same arguments.
type shape struct {
	share    int    // share of the rules, in thousandths
	cel      string // also for expr, unless expr has a text of its own
	expr     string
	matchers string
	args     func(*world) []any
}

// rules draws n rules. Every shape has its share, as exactly as n allows, in mixed order.
func (w *world) rules(shapes []shape, n int) []rule {
	total := 0
	for i := range shapes {
		total += shapes[i].share
	}
	rules := make([]rule, 0, n)
	kind, upTo := 0, shapes[0].share
	for i := range n {
		for (2*i+1)*total >= 2*n*upTo { // the middle of the range of rule i lies after this shape's share
			kind++
			upTo += shapes[kind].share
		}
		rules = append(rules, shapes[kind].rule(w))
	}
	w.Shuffle(n, func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	for i := range rules {
		rules[i].id = "r" + strconv.Itoa(i)
	}
	return rules
}

func (s *shape) rule(w *world) rule {
	args := s.args(w)
	r := rule{cel: fmt.Sprintf(s.cel, args...)}
	r.expr = r.cel
	if s.expr != "" {
		r.expr = fmt.Sprintf(s.expr, args...)
	}
	if s.matchers != "" {
		r.matchers = fmt.Sprintf(s.matchers, args...)
	}
	return r
}
