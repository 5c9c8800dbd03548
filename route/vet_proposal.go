package route

import "slices"

// proposals propose, for a term, those that it may imply: every term is listed under one of its literals, by what must be known
// of an event for that literal to be implied.
type proposals struct {
	*survey
	uses    map[proposal]int32 // how many terms could be listed here
	lists   map[proposal][]listing
	lengths map[proposal][]int // of the texts under howPrefix, howSuffix and howInfix
	always  []listing          // terms without literals
	hows    []uint16           // by slot: what is listed there, a bit for each

	keys, found []proposal // scratch
}

// proposal is what is known of a slot.
type proposal struct {
	how  how
	on   int32 // a slot, or a literal
	text string
}

type how uint8

const (
	howLiteral  how = iota // this very literal
	howSlot                // a condition on the slot
	howConstant            // it is one of few values
	howValue               // it may be the text
	howPrefix              // it begins with the text
	howSuffix              // it ends with the text
	howInfix               // it contains the text
	howHas                 // the text is a name in it
)

func (k proposal) isPart() bool { return k.how == howPrefix || k.how == howSuffix || k.how == howInfix }

// listing is a term of a rule.
type listing struct{ rule, term int }

func newProposals(s *survey) *proposals {
	p := &proposals{
		survey: s, uses: make(map[proposal]int32), lists: make(map[proposal][]listing), lengths: make(map[proposal][]int),
		hows: make([]uint16, len(s.slots)),
	}
	for _, terms := range s.live {
		for i := range terms {
			for _, l := range terms[i].term {
				for _, k := range p.keysOf(l) {
					p.uses[k]++
				}
			}
		}
	}
	for rule, terms := range s.live {
		for i := range terms {
			p.list(listing{rule, i}, terms[i].term)
		}
	}
	return p
}

// keysOf returns proposals one of which must be known for the literal to be implied.
func (p *proposals) keysOf(l lit) []proposal {
	a := &p.atoms[l.atom()]
	p.keys = p.keys[:0]
	key := func(how how, on int32, text string) { p.keys = append(p.keys, proposal{how, on, text}) }
	switch {
	case a.kind == atomHas && !l.negated():
		key(howHas, a.slot, a.text)
	case !a.isSimple():
		key(howLiteral, int32(l), "")
	case l.negated():
		key(howSlot, p.same[a.slot], "")
	case a.kind == atomEqual && a.value.kind == kindString:
		key(howValue, p.same[a.slot], a.value.text)
	case a.kind == atomIn && len(a.set.numbers) == 0:
		for _, t := range a.set.texts {
			key(howValue, p.same[a.slot], t)
		}
	case a.kind == atomPrefix:
		key(howPrefix, p.same[a.slot], a.text)
	case a.kind == atomSuffix:
		key(howSuffix, p.same[a.slot], a.text)
	case a.kind == atomInfix:
		key(howInfix, p.same[a.slot], a.text)
	case a.kind == atomMatches:
		key(howLiteral, int32(l), "")
		key(howConstant, p.same[a.slot], "")
	default:
		key(howSlot, p.same[a.slot], "")
	}
	return p.keys
}

// list lists a term under the literal that most rarely proposes it in vain.
func (p *proposals) list(at listing, term []lit) {
	best, least := -1, int32(0)
	for i, l := range term {
		most := int32(0)
		for _, k := range p.keysOf(l) {
			most = max(most, p.uses[k])
		}
		if best < 0 || most < least {
			best, least = i, most
		}
	}
	if best < 0 {
		p.always = append(p.always, at)
		return
	}
	for _, k := range p.keysOf(term[best]) {
		p.lists[k] = append(p.lists[k], at)
		if k.how != howLiteral {
			p.hows[k.on] |= 1 << k.how
		}
		of := proposal{how: k.how, on: k.on}
		if n := len(k.text); k.isPart() && !slices.Contains(p.lengths[of], n) {
			p.lengths[of] = append(p.lengths[of], n)
		}
	}
}

// proposed visits the terms that a term may imply, some of them more than once, until visit returns false.
func (p *proposals) proposed(of *profile, visit func(listing) bool) {
	for _, k := range p.known(of) {
		for _, at := range p.lists[k] {
			if !visit(at) {
				break
			}
		}
	}
	for _, at := range p.always {
		if !visit(at) {
			break
		}
	}
}

// known returns all proposals that hold where the term is true.
func (p *proposals) known(of *profile) []proposal {
	all := p.found[:0]
	for _, l := range of.term {
		a := &p.atoms[l.atom()]
		switch {
		case a.kind == atomHas && !l.negated():
			all = p.know(all, howHas, a.slot, a.text)
		case !a.isSimple() || a.kind == atomMatches:
			all = append(all, proposal{howLiteral, int32(l), ""})
		}
	}
	for i := range of.views {
		all = p.knownOf(&of.views[i], all)
	}
	p.found = all
	return all
}

// know appends a proposal, if anything is listed about the slot in this way.
func (p *proposals) know(all []proposal, how how, slot int32, text string) []proposal {
	if p.hows[slot]&(1<<how) == 0 {
		return all
	}
	return append(all, proposal{how, slot, text})
}

// knownOf appends the proposals about one slot. Of several values of it the first one will do: what all imply, it implies.
func (p *proposals) knownOf(w *view, all []proposal) []proposal {
	slot := p.same[w.slot]
	all = p.know(all, howSlot, slot, "")
	p.needs(w, func(parent int32, name string) bool {
		all = p.know(all, howHas, parent, name)
		return false
	})
	if w.finite {
		text := w.values[0].text
		all = p.know(all, howConstant, slot, "")
		all = p.know(all, howValue, slot, text)
		return p.knownParts(slot, text, text, text, all)
	}
	all = p.knownParts(slot, "", "", "", all)
	for _, l := range w.lits {
		if prefix, suffix, infix := p.atoms[l.atom()].texts(); infix != "" && !l.negated() {
			all = p.knownParts(slot, prefix, suffix, infix, all)
			all = p.knownParts(slot, "", "", prefix, all)
		}
	}
	return all
}

// knownParts appends the proposals about a text of which these parts are known.
func (p *proposals) knownParts(slot int32, prefix, suffix, infix string, all []proposal) []proposal {
	if p.hows[slot]&(1<<howPrefix|1<<howSuffix|1<<howInfix) == 0 {
		return all
	}
	for _, n := range p.lengths[proposal{how: howPrefix, on: slot}] {
		if n <= len(prefix) {
			all = append(all, proposal{howPrefix, slot, prefix[:n]})
		}
	}
	for _, n := range p.lengths[proposal{how: howSuffix, on: slot}] {
		if n <= len(suffix) {
			all = append(all, proposal{howSuffix, slot, suffix[len(suffix)-n:]})
		}
	}
	for _, n := range p.lengths[proposal{how: howInfix, on: slot}] {
		for at := 0; at+n <= len(infix); at++ {
			all = append(all, proposal{howInfix, slot, infix[at : at+n]})
		}
	}
	return all
}
