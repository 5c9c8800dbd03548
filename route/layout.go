package route

import (
	"cmp"
	"slices"
)

// finish writes the collected nodes, groups and dimensions into flat slices.
func (b *builder) finish() {
	b.layGroups()
	b.layDimensions()
	b.root = make([]int32, b.tokens+1)
	inner := make(map[uint64]int32, len(b.children))
	for key, to := range b.children {
		if from := key >> 32; from == 0 {
			b.root[uint32(key)] = to
		} else {
			inner[key] = to
		}
	}
	b.edges = newEdges(inner)
	for i := range b.dimensions {
		c := &b.constants[i]
		for text, t := range c.texts {
			if t == 0 { // no term has this token
				delete(c.texts, text)
			}
		}
		for n, t := range c.numbers {
			if t == 0 {
				delete(c.numbers, n)
			}
		}
		for r, t := range c.ranges {
			if t == 0 {
				delete(c.ranges, r)
			}
		}
		b.dimensions[i].build(c)
	}
	b.walk = b.newWalk()
}

// layGroups groups the entries of a node with equal remaining literals.
func (b *builder) layGroups() {
	slices.SortFunc(b.entries, func(x, y entry) int {
		several := 0
		if x.several != y.several {
			several = 1
			if y.several {
				several = -1
			}
		}
		return cmp.Or(cmp.Compare(x.node, y.node), several, cmp.Compare(x.litsN, y.litsN), cmp.Compare(x.lits, y.lits),
			cmp.Compare(x.rule, y.rule))
	})
	for i, e := range b.entries {
		n := &b.nodes[e.node]
		if n.groupsN == 0 {
			n.groups = int32(len(b.groups))
		}
		if last := len(b.groups) - 1; n.groupsN == 0 || !b.groups[last].takes(&e) {
			b.groups = append(b.groups, group{e.lits, int32(len(b.rules)), e.litsN, 0, e.several})
			n.groupsN++
		} else if b.entries[i-1].rule == e.rule { // two terms of a rule with equal remaining literals
			continue
		}
		b.rules = append(b.rules, e.rule)
		b.groups[len(b.groups)-1].rulesN++
	}
	b.entries = nil
}

func (g *group) takes(e *entry) bool {
	return g.several == e.several && g.litsN == e.litsN && (g.lits == e.lits || g.litsN == 0)
}

// layDimensions records the dimensions of the edges of each node.
func (b *builder) layDimensions() {
	pairs := make([]uint64, 0, len(b.onNode))
	for pair := range b.onNode {
		pairs = append(pairs, pair)
	}
	slices.Sort(pairs)
	for _, pair := range pairs {
		n := &b.nodes[pair>>32]
		if n.onN == 0 {
			n.on = int32(len(b.on))
		}
		b.on = append(b.on, int32(uint32(pair)))
		n.onN++
	}
}
