package route

import (
	"slices"
	"sort"
)

// matcher holds the working state of one event. It is pooled.
type matcher struct {
	evaluator
	index  *index
	goesOn []bool
	first  bool // stop at the first match without Continue

	found  []tokens // tokens by dimension
	tokens []token
	walked []uint32 // epoch by dimension, for dimensions already followed from the root

	last    int32   // later rules are ignored
	hits    []int32 // matching rules
	errs    []int32 // failed rules
	errRuns []run   // failed rules, as runs of index.rules
	several []uint32
	merged  []int32 // rules with several terms, to be merged
}

// tokens holds the tokens of the event in a dimension.
type tokens struct {
	epoch    uint32
	from, to int32
	state    state
}

// run is a part of index.rules.
type run struct{ at, n int32 }

func newMatcher(e *engine) *matcher {
	return &matcher{
		evaluator: newEvaluator(e.space, e.env, e.limits), index: e.index, goesOn: e.goesOn,
		found: make([]tokens, len(e.index.dimensions)), walked: make([]uint32, len(e.index.dimensions)),
		several: make([]uint32, len(e.ruleEnds)),
	}
}

// turn starts an event.
func (m *matcher) turn(f *Facts) {
	if m.begin(f) {
		clear(m.found)
		clear(m.walked)
		clear(m.several)
	}
}

// match finds the matching and the failed rules.
func (m *matcher) match() {
	m.last = int32(len(m.goesOn))
	m.tokens, m.hits, m.errs, m.errRuns, m.merged = m.tokens[:0], m.hits[:0], m.errs[:0], m.errRuns[:0], m.merged[:0]
	m.visitGroups(&m.index.nodes[0], isTrue)
	m.followRoot()
	for _, rule := range m.merged {
		if kleene(m.several[rule]&3) == isTrue {
			m.hit(rule)
		} else {
			m.errs = append(m.errs, rule)
		}
	}
	slices.Sort(m.hits)
	m.cut()
}

// cut drops the rules after m.last.
func (m *matcher) cut() {
	n, _ := slices.BinarySearch(m.hits, m.last+1)
	m.hits = m.hits[:n]
	m.errs = slices.DeleteFunc(m.errs, func(rule int32) bool { return rule > m.last })
}

// errors returns the number of failed rules.
func (m *matcher) errors() int {
	n := len(m.errs)
	for _, r := range m.errRuns {
		n += len(m.upToLast(r))
	}
	return n
}

// upToLast returns the rules of a run up to m.last.
func (m *matcher) upToLast(r run) []int32 {
	rules := m.index.rules[r.at : r.at+r.n]
	if n := len(rules); n == 0 || rules[n-1] <= m.last {
		return rules
	}
	return rules[:sort.Search(len(rules), func(i int) bool { return rules[i] > m.last })]
}

// visit evaluates the terms at a node and visits its children. least is the minimum over the conditions on the path.
func (m *matcher) visit(id int32, least kleene) {
	n := &m.index.nodes[id]
	m.visitGroups(n, least)
	for _, d := range m.index.on[n.on : n.on+n.onN] {
		found := m.look(d)
		switch dim := &m.index.dimensions[d]; found.state {
		case stateFound:
			for _, t := range m.tokens[found.from:found.to] {
				if to := m.index.edges.follow(id, int32(t)); to != 0 {
					m.visit(to, least)
				}
			}
		case stateBroken:
			if to := m.index.edges.follow(id, int32(dim.broken)); to != 0 {
				m.visit(to, isErr)
			}
			fallthrough
		case stateMissing:
			if to := m.index.edges.follow(id, int32(dim.err)); to != 0 {
				m.visit(to, isErr)
			}
		}
	}
}

// look finds and caches the tokens of a dimension.
func (m *matcher) look(d int32) tokens {
	found := &m.found[d]
	if found.epoch != m.epoch {
		from := len(m.tokens)
		var state state
		m.tokens, state = m.index.dimensions[d].find(&m.evaluator, m.tokens)
		*found = tokens{m.epoch, int32(from), int32(len(m.tokens)), state}
	}
	return *found
}

func (m *matcher) visitGroups(n *node, least kleene) {
	for i := n.groups; i < n.groups+n.groupsN; i++ {
		g := &m.index.groups[i]
		value := least
		for _, l := range m.index.lits[g.lits : g.lits+g.litsN] {
			if value = min(value, m.literal(l)); value == isFalse {
				break
			}
		}
		if value != isFalse {
			m.record(g, value)
		}
	}
}

// record stores the value of the rules of a group.
func (m *matcher) record(g *group, value kleene) {
	rules := m.index.rules[g.rules : g.rules+g.rulesN]
	switch {
	case g.several:
		for _, rule := range rules {
			m.merge(rule, value)
		}
	case value == isErr:
		m.errRuns = append(m.errRuns, run{g.rules, g.rulesN})
	default:
		for _, rule := range rules {
			if rule > m.last {
				break
			}
			m.hit(rule)
		}
	}
}

func (m *matcher) hit(rule int32) {
	m.hits = append(m.hits, rule)
	if m.first && rule < m.last && !m.goesOn[rule] {
		m.last = rule
	}
}

// merge takes the maximum over the terms of each rule.
func (m *matcher) merge(rule int32, value kleene) {
	known := m.several[rule]
	if known>>2 != m.epoch {
		m.merged = append(m.merged, rule)
	} else if kleene(known&3) >= value {
		return
	}
	m.several[rule] = m.epoch<<2 | uint32(value)
}
