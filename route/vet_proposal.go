package route

import "slices"

// proposals propose, for a term, those that it may imply: every term is listed under one of its literals, by what must be known
// of an event for that literal to be implied. A token stands for such a piece of knowledge.
type proposals struct {
	*survey
	topics []topic      // by slot
	keys   [][]token    // by literal: for it to be implied one of them must be known
	uses   []int32      // by token: how many terms could be listed there
	lists  [][]*profile // by token, in rule order; terms without literals stand under always
}

// always is the token of what is known of every event.
const always token = 0

// topic is what may be known of a slot.
type topic struct {
	condition                   token      // there is one on it
	constant                    token      // it is one of few values
	values                      textTokens // it may be the text
	prefixes, suffixes, infixes textTokens
	names                       textTokens // the text is a name in it
	number                      token      // it is one of those that compare as in school
	within                      map[interval]token
	ranges                      *ranges // of within
}

// textTokens are texts that something is known by.
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

// keysOf returns tokens one of which must be known for the literal to be implied.
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

// token returns a token as the only key. It makes it if it is new.
func (p *proposals) token(of *token) []token {
	if *of == always {
		*of = p.newToken()
	}
	return []token{*of}
}

// text is token for each of the texts.
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

// list lists a term under the literal that most rarely proposes it in vain.
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

// rangeToken returns under what a term is listed for all that it says of the numbers in the slot of a literal.
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
