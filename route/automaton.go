package route

import "slices"

// automaton is an Aho-Corasick automaton. It finds all of its texts in another text in one pass.
type automaton struct {
	start [256]int32 // edges of the root, the most frequent ones
	next  edges      // all other edges: (state, byte) to state
	fail  []int32    // state of the longest proper suffix that is a prefix of some text
	token []token    // token of the text that ends in a state; 0: none
	dict  []int32    // nearest state along fail in which a text ends; 0: none
}

func newAutomaton(tokens map[string]token) *automaton {
	b := automatonBuilder{
		automaton: automaton{fail: []int32{0}, token: []token{0}, dict: []int32{0}},
		edges:     make(map[uint64]int32), labels: [][]byte{nil},
	}
	for text, t := range tokens {
		b.add(text, t)
	}
	b.link()
	b.next = newEdges(b.edges)
	return &b.automaton
}

type automatonBuilder struct {
	automaton
	edges  map[uint64]int32
	labels [][]byte // bytes of the outgoing edges, by state
}

func (b *automatonBuilder) step(state int32, c byte) int32 {
	if state == 0 {
		return b.start[c]
	}
	return b.edges[edgeKey(state, int32(c))]
}

func (b *automatonBuilder) add(text string, t token) {
	state := int32(0)
	for i := range len(text) {
		to := b.step(state, text[i])
		if to == 0 {
			to = int32(len(b.fail))
			b.fail, b.token, b.dict, b.labels = append(b.fail, 0), append(b.token, 0), append(b.dict, 0), append(b.labels, nil)
			b.labels[state] = append(b.labels[state], text[i])
			if state == 0 {
				b.start[text[i]] = to
			} else {
				b.edges[edgeKey(state, int32(text[i]))] = to
			}
		}
		state = to
	}
	b.token[state] = t
}

// link sets fail and dict, level by level.
func (b *automatonBuilder) link() {
	var queue []int32
	for _, c := range b.labels[0] {
		queue = append(queue, b.start[c])
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for _, c := range b.labels[state] {
			to, fail := b.step(state, c), b.fail[state]
			for fail != 0 && b.step(fail, c) == 0 {
				fail = b.fail[fail]
			}
			b.fail[to] = b.step(fail, c)
			if b.dict[to] = b.fail[to]; b.token[b.fail[to]] == 0 {
				b.dict[to] = b.dict[b.fail[to]]
			}
			queue = append(queue, to)
		}
	}
}

// find appends the tokens of all texts contained in text, without duplicates.
func (a *automaton) find(text string, found []token) []token {
	before := len(found)
	state := int32(0)
	for i := range len(text) {
		state = a.step(state, text[i])
		for end := state; end != 0; end = a.dict[end] {
			if t := a.token[end]; t != 0 && !slices.Contains(found[before:], t) {
				found = append(found, t)
			}
		}
	}
	return found
}

func (a *automaton) step(state int32, c byte) int32 {
	for state != 0 {
		if to := a.next.follow(state, int32(c)); to != 0 {
			return to
		}
		state = a.fail[state]
	}
	return a.start[c]
}
