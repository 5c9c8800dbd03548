package route

import "slices"

// proposals finds the terms that a given term may imply. A token stands for a fact about an event. Each term is listed under the
// tokens of one of its literals: one of these facts must be known before the literal can be implied.
type proposals struct {
	*survey
	topics []topic      // by slot
	keys   [][]token    // tokens by literal: one must be known to imply the literal
	uses   []int32      // number of terms that could be listed, by token
	lists  [][]*profile // listed terms by token, in rule order; terms without literals are under always
}

// always is the token of a fact that holds for every event.
const always token = 0

// topic holds the tokens of a slot.
type topic struct {
	condition                   token      // a condition on the slot exists
	constant                    token      // the value is one of few constants
	values                      textTokens // the value may be the text
	prefixes, suffixes, infixes textTokens
	names                       textTokens // the value has the text as a name
	number                      token      // the value is a number that compares exactly
	within                      map[interval]token
	ranges                      *ranges // intervals of within
}

// textTokens maps texts to tokens.
type textTokens struct {
	tokens  map[string]token
	lengths []int
}

func newProposals(s *survey) *proposals {
	p := &proposals{
		survey: s, topics: make([]topic, len(s.slots)), keys: make([][]token, 2*len(s.atoms)),
		uses: make([]int32, 1), lists: make([][]*profile, 1),
	}
	for i := range s.all {
		for _, l := range s.all[i].term {
			for _, t := range p.keysOf(l) {
				p.uses[t]++
			}
		}
	}
	for i := range s.all {
		p.list(&s.all[i])
	}
	for i := range p.topics {
		if of := &p.topics[i]; of.within != nil {
			of.ranges = newRanges(of.within)
		}
	}
	return p
}

// keysOf returns the tokens of a literal: one of them must be known to imply it.
func (p *proposals) keysOf(l lit) []token {
	if p.keys[l] == nil {
		p.keys[l] = p.newKeys(l)
	}
	return p.keys[l]
}

func (p *proposals) newKeys(l lit) []token {
	a := &p.atoms[l.atom()]
	switch {
	case a.kind == atomHas && !l.negated():
		return p.text(&p.topics[a.slot].names, a.text)
	case !a.isSimple():
		return []token{p.newToken()}
	}
	of := &p.topics[p.same[a.slot]]
	switch {
	case p.isRange(l):
		if of.within == nil {
			of.within = make(map[interval]token)
		}
		return p.token(&of.number)
	case l.negated():
		return p.token(&of.condition)
	case a.kind == atomEqual && a.value.kind == kindString:
		return p.text(&of.values, a.value.text)
	case a.kind == atomIn && len(a.set.numbers) == 0:
		return p.text(&of.values, a.set.texts...)
	case a.kind == atomPrefix:
		return p.text(&of.prefixes, a.text)
	case a.kind == atomSuffix:
		return p.text(&of.suffixes, a.text)
	case a.kind == atomInfix:
		return p.text(&of.infixes, a.text)
	case a.kind == atomMatches:
		return append([]token{p.newToken()}, p.token(&of.constant)...)
	}
	return p.token(&of.condition)
}

func (p *proposals) newToken() token {
	p.uses, p.lists = append(p.uses, 0), append(p.lists, nil)
	return token(len(p.lists) - 1)
}

// token returns a token as the only key. It creates a missing token.
func (p *proposals) token(of *token) []token {
	if *of == always {
		*of = p.newToken()
	}
	return []token{*of}
}

// text returns the tokens of texts. It creates missing tokens.
func (p *proposals) text(of *textTokens, all ...string) []token {
	if of.tokens == nil {
		of.tokens = make(map[string]token)
	}
	keys := make([]token, len(all))
	for i, text := range all {
		t, ok := of.tokens[text]
		if !ok {
			t = p.newToken()
			of.tokens[text] = t
			if !slices.Contains(of.lengths, len(text)) {
				of.lengths = append(of.lengths, len(text))
			}
		}
		keys[i] = t
	}
	return keys
}

// list lists a term under its most selective literal.
func (p *proposals) list(of *profile) {
	best, least := -1, int32(0)
	for i, l := range of.term {
		most := int32(0)
		for _, t := range p.keysOf(l) {
			most = max(most, p.uses[t])
		}
		if best < 0 || most < least {
			best, least = i, most
		}
	}
	keys := []token{always}
	if best >= 0 {
		keys = p.keysOf(of.term[best])
		if p.isRange(of.term[best]) {
			keys = []token{p.rangeToken(of, of.term[best])}
		}
	}
	for _, t := range keys {
		p.lists[t] = append(p.lists[t], of)
	}
}

// rangeToken returns the token of the interval that a term requires of the slot of a literal.
func (p *proposals) rangeToken(of *profile, l lit) token {
	slot := p.atoms[l.atom()].slot
	on, within := &p.topics[p.same[slot]], p.within(p.viewOf(of, slot).lits)
	t, ok := on.within[within]
	if !ok {
		t = p.newToken()
		on.within[within] = t
	}
	return t
}
