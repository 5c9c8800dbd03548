package route

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// index finds the terms that may be true or an error for an event. It is a tree, whose edges are tokens. A term is stored at the
// end of the path of its key. For each slot of the key that may err, it is also stored behind the token "this slot errs"; on such
// a path the term may be an error, but not true.
type index struct {
	dimensions []dimension
	nodes      []node
	groups     []group
	rules      []int32 // rules of all groups
	lits       []lit   // literals of all groups
	on         []int32 // dimensions of all nodes
	root       []int32 // child of the root, by token
	edges      edges   // edges of all other nodes
	walk       walk
}

// node is a node of the tree.
type node struct {
	groups, on   int32 // offsets of its groups and dimensions
	groupsN, onN int32
}

// group is a set of rules at a node with the same remaining literals.
type group struct {
	lits, rules   int32
	litsN, rulesN int32
	several       bool // the rules have further terms, or are stored at several nodes
}

// builder builds an index.
type builder struct {
	*space
	index
	ids       map[dimensionKey]int32
	constants []constants
	tokens    token
	children  map[uint64]int32
	onNode    map[uint64]bool // (node, dimension)
	entries   []entry
	litsOf    map[string]int32
}

// entry is a term at a node.
type entry struct {
	node, lits, litsN, rule int32
	several                 bool
}

// ruleTerms holds the terms of one rule.
type ruleTerms [][]lit

func newIndex(s *space, rules []ruleTerms) *index {
	b := &builder{
		space: s, ids: make(map[dimensionKey]int32), children: make(map[uint64]int32),
		onNode: make(map[uint64]bool), litsOf: make(map[string]int32),
	}
	keys := make([][]access, 0, len(rules))
	for _, terms := range rules {
		for _, term := range terms {
			keys = append(keys, b.accesses(term))
			b.collect(keys[len(keys)-1])
		}
	}
	b.number()
	b.nodes = make([]node, 1)
	for rule, terms := range rules {
		for _, term := range terms {
			b.enter(int32(rule), term, b.choose(keys[0]), len(terms) > 1)
			keys = keys[1:]
		}
	}
	b.finish()
	made := b.index // a copy, to release the rest of the builder
	return &made
}

// collect records the dimensions and constants of the possible keys of a term.
func (b *builder) collect(keys []access) {
	for _, k := range keys {
		id, ok := b.ids[k.dimensionKey]
		if !ok {
			id = int32(len(b.dimensions))
			b.ids[k.dimensionKey] = id
			b.dimensions = append(b.dimensions, dimension{dimensionKey: k.dimensionKey, steps: k.steps})
			b.constants = append(b.constants, constants{
				make(map[string]token), make(map[float64]token), make(map[interval]token),
			})
		}
		c := &b.constants[id]
		for _, t := range k.texts {
			c.texts[t] = 0
		}
		for _, n := range k.numbers {
			c.numbers[n] = 0
		}
		for _, r := range k.ranges {
			c.ranges[r] = 0
		}
	}
}

// number finds out whether each dimension may err, and its rank in paths. Dimensions that cannot err come first, then dimensions
// with more constants.
func (b *builder) number() {
	order := make([]int32, len(b.dimensions))
	for i := range b.dimensions {
		d := &b.dimensions[i]
		s := &b.slots[d.slot]
		d.mayBreak = d.regex || !d.typed(s)
		d.mayErr = s.fallible || d.mayBreak
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		dx, dy := &b.dimensions[x], &b.dimensions[y]
		switch {
		case dx.mayErr != dy.mayErr && dx.mayErr:
			return 1
		case dx.mayErr != dy.mayErr:
			return -1
		}
		return cmp.Or(-cmp.Compare(b.constants[x].len(), b.constants[y].len()), cmp.Compare(x, y))
	})
	for rank, id := range order {
		b.dimensions[id].rank = int32(rank)
	}
}

// enter stores a term behind every combination of the tokens of its key.
func (b *builder) enter(rule int32, term []lit, path []access, several bool) {
	rest := slices.Clone(term)
	for i := range path {
		k := &path[i]
		guard, guarded := b.guard(term, k.slot)
		k.guarded = guarded
		several = several || k.deep && k.len() > 1 // an event may have several of the tokens
		rest = slices.DeleteFunc(rest, func(l lit) bool { return slices.Contains(k.lits, l) || guarded && l == guard })
	}
	b.enterAt(0, rule, rest, path, several)
}

func (b *builder) enterAt(node, rule int32, rest []lit, path []access, several bool) {
	if len(path) == 0 {
		lits, n := b.pool(rest)
		b.entries = append(b.entries, entry{node, lits, n, rule, several})
		return
	}
	k, path := &path[0], path[1:]
	id := b.ids[k.dimensionKey]
	d, c := &b.dimensions[id], &b.constants[id]
	found := rest
	if !k.exact {
		found = slices.Concat(rest, k.lits)
	}
	for _, t := range k.texts {
		c.texts[t] = b.token(c.texts[t])
		b.enterAt(b.child(node, id, c.texts[t]), rule, found, path, several)
	}
	for _, n := range k.numbers {
		c.numbers[n] = b.token(c.numbers[n])
		b.enterAt(b.child(node, id, c.numbers[n]), rule, found, path, several)
	}
	for _, r := range k.ranges {
		c.ranges[r] = b.token(c.ranges[r])
		b.enterAt(b.child(node, id, c.ranges[r]), rule, found, path, several)
	}
	under := &d.err
	switch {
	case !k.guarded && !d.mayErr, k.guarded && !d.mayBreak:
		return
	case k.guarded:
		under = &d.broken
	}
	*under = b.token(*under)
	b.enterAt(b.child(node, id, *under), rule, rest, path, several)
}

// token returns known, or a new token if known is 0.
func (b *builder) token(known token) token {
	if known == 0 {
		b.tokens++
		known = b.tokens
	}
	return known
}

// child returns the child of a node under a token, and creates it if necessary.
func (b *builder) child(from, dimension int32, t token) int32 {
	key := edgeKey(from, int32(t))
	to, ok := b.children[key]
	if !ok {
		to = int32(len(b.nodes))
		b.nodes = append(b.nodes, node{})
		b.children[key] = to
		b.onNode[edgeKey(from, dimension)] = true
	}
	return to
}

// pool stores a list of literals, cheap literals first, and shares equal lists.
func (b *builder) pool(lits []lit) (at, n int32) {
	slices.SortFunc(lits, func(x, y lit) int {
		return cmp.Or(cmp.Compare(b.atoms[x.atom()].kind, b.atoms[y.atom()].kind), cmp.Compare(x, y))
	})
	var key []byte
	for _, l := range lits {
		key = binary.AppendVarint(key, int64(l))
	}
	at, ok := b.litsOf[string(key)]
	if !ok {
		at = int32(len(b.lits))
		b.lits = append(b.lits, lits...)
		b.litsOf[string(key)] = at
	}
	return at, int32(len(lits))
}
