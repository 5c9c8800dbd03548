package route

import "math"

// proposed visits the terms that a term may imply, some of them several times. If visit returns false, it skips the rest of the
// current list.
func (p *proposals) proposed(of *profile, visit func(*profile) bool) {
	for _, l := range of.loose {
		p.listed(p.keys[l], visit)
	}
	for _, w := range of.views {
		if w.known == nil {
			w.known = p.knownOf(w)
		}
		p.listed(w.known, visit)
	}
	p.listed([]token{always}, visit)
}

// listed visits the terms listed under each token; visit returns false to skip the rest of a token's list.
func (p *proposals) listed(under []token, visit func(*profile) bool) {
	for _, t := range under {
		for _, of := range p.lists[t] {
			if !visit(of) {
				break
			}
		}
	}
}

// knownOf returns the tokens known for a slot that have listed terms. If the slot has several possible values, the tokens of the
// first suffice: a literal implied by all values is implied by the first.
func (p *proposals) knownOf(w *view) []token {
	k := knower{p, &p.topics[p.same[w.slot]], []token{}}
	k.add(k.of.condition)
	k.numbers(w)
	for _, l := range w.lits {
		if a := &p.atoms[l.atom()]; !a.isSimple() || a.kind == atomMatches && !l.negated() {
			k.add(p.keys[l][0])
		}
	}
	p.needs(w, func(parent int32, name string) bool {
		k.add(p.topics[parent].names.tokens[name])
		return false
	})
	if w.finite {
		text := w.values[0].text
		k.add(k.of.constant, k.of.values.tokens[text])
		k.parts(text, text, text)
		return k.tokens
	}
	k.parts("", "", "")
	for _, l := range w.lits {
		if prefix, suffix, infix := p.atoms[l.atom()].texts(); infix != "" && !l.negated() {
			k.parts(prefix, suffix, infix)
			k.parts("", "", prefix)
		}
	}
	return k.tokens
}

// knower collects the known tokens of a slot.
type knower struct {
	*proposals
	of     *topic
	tokens []token
}

func (k *knower) add(tokens ...token) {
	for _, t := range tokens {
		if t != always && len(k.lists[t]) > 0 {
			k.tokens = append(k.tokens, t)
		}
	}
}

// parts adds the tokens of a text with these parts.
func (k *knower) parts(prefix, suffix, infix string) {
	for _, n := range k.of.prefixes.lengths {
		if n <= len(prefix) {
			k.add(k.of.prefixes.tokens[prefix[:n]])
		}
	}
	for _, n := range k.of.suffixes.lengths {
		if n <= len(suffix) {
			k.add(k.of.suffixes.tokens[suffix[len(suffix)-n:]])
		}
	}
	for _, n := range k.of.infixes.lengths {
		for at := 0; at+n <= len(infix); at++ {
			k.add(k.of.infixes.tokens[infix[at:at+n]])
		}
	}
}

// numbers adds the ranges that may contain all possible numbers of a slot: the ranges that contain an end of their interval. For
// NaN it adds all ranges.
func (k *knower) numbers(w *view) {
	if k.of.ranges == nil {
		return
	}
	within := k.within(w.lits)
	if w.finite {
		if !w.values[0].isNumber() {
			return
		}
		within = interval{w.values[0].double(), w.values[0].double()}
	}
	switch {
	case !(within.from <= within.to):
		k.tokens = append(k.tokens, k.of.ranges.tokens...)
	case !math.IsInf(within.from, -1):
		k.tokens = k.of.ranges.find(within.from, k.tokens)
	case !math.IsInf(within.to, 1):
		k.tokens = k.of.ranges.find(within.to, k.tokens)
	}
}
