package route

import (
	"regexp/syntax"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// build builds an event for which a term may be true: it sets each slot to a value that satisfies the literals. It leaves a slot
// empty if it knows no such value, so callers must evaluate the event.
func (v *vetter) build(p *profile) *Facts {
	f := &Facts{Event: &event.Event{}}
	v.buildIn(f, p)
	return f
}

// buildIn is build with reuse of the maps in facts.
func (v *vetter) buildIn(f *Facts, p *profile) {
	clear(f.Event.Labels)
	clear(f.Event.Data)
	*f.Event = event.Event{Labels: f.Event.Labels, Data: f.Event.Data}
	*f = Facts{Event: f.Event}
	for _, l := range p.term {
		a := &v.atoms[l.atom()]
		switch {
		case l.negated() || a.slot == noSlot:
		case a.kind == atomHas:
			f.put(v.places[a.slot].below(a.text), new(textValue("x")))
		case a.kind == atomContains && v.slots[a.slot].name == "service.tags":
			f.Service.Tags = append(f.Service.Tags, a.value.text)
		}
	}
	lacks := func(parent int32, name string) bool { return p.lacks(v, parent, name) }
	for _, w := range p.views {
		if of := v.sample(w); of != nil && !v.isDefault(w, of) && !v.needs(w, lacks) {
			f.put(v.places[w.slot], of)
		}
	}
}

// isDefault reports whether the slot has the value by default.
func (v *vetter) isDefault(w *view, of *value) bool {
	sl := &v.slots[w.slot]
	return sl.kind == slotDefault && !w.found && of.equals(&sl.orElse)
}

// sample returns a value that satisfies the view of a slot, nil if none is known.
func (v *vetter) sample(w *view) *value {
	if !w.sampled {
		w.sample, w.sampled = v.choose(w), true
	}
	return w.sample
}

func (v *vetter) choose(w *view) *value {
	if !slices.ContainsFunc(w.lits, func(l lit) bool { return v.atoms[l.atom()].isSimple() }) {
		return nil
	}
	tried := w.values
	if !w.finite {
		tried = v.examples(w)
	}
	static := v.slots[w.slot].static
	at := slices.IndexFunc(tried, func(of value) bool {
		return (static == kindErr || static == of.kind) && v.allTrue(w.lits, &of)
	})
	switch {
	case at < 0:
		return nil
	case w.finite:
		return &tried[at]
	}
	return new(tried[at]) // examples are scratch
}

// examples returns values that may satisfy the literals of a slot: texts built from their texts, and numbers around their numbers.
func (v *vetter) examples(w *view) []value {
	prefix, infixes, suffix := "", "", ""
	all := append(v.tried[:0], textValue("x"), intValue(1), boolValue(true), textValue(""))
	for _, l := range w.lits {
		a := &v.atoms[l.atom()]
		if a.kind == atomCompare {
			all = appendAround(all, &a.value)
		}
		begin, end, within := a.texts()
		if l.negated() {
			continue
		}
		if a.kind == atomMatches {
			all = append(all, textValue(textFor(a.regex.String())))
		}
		if len(begin) > len(prefix) {
			prefix = begin
		}
		if len(end) > len(suffix) {
			suffix = end
		}
		if begin == "" && end == "" {
			infixes += within
		}
	}
	v.tried = append(all, textValue(prefix+infixes+suffix), textValue(prefix+infixes), textValue(prefix), textValue(suffix),
		textValue(infixes), textValue(prefix+"x"+infixes+"x"+suffix))
	return v.tried
}

// textFor returns a text that a regular expression may match. It uses the first alternatives and the fewest repetitions.
func textFor(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil { // impossible: the expression compiled before
		return ""
	}
	return textOf(re.Simplify())
}

func textOf(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(re.Rune[:1])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture, syntax.OpPlus, syntax.OpAlternate:
		return textOf(re.Sub[0])
	case syntax.OpConcat:
		text := ""
		for _, sub := range re.Sub {
			text += textOf(sub)
		}
		return text
	}
	return ""
}

// appendAround appends a constant and its neighbours.
func appendAround(all []value, of *value) []value {
	all = append(all, *of)
	switch {
	case of.isExact():
		d := of.double()
		return append(all, intValue(int64(d)+1), intValue(int64(d)-1), realValue(d+0.25), realValue(d-0.25))
	case of.kind == kindString:
		return append(all, textValue(of.text+"x"), textValue(""))
	case of.kind == kindTime || of.kind == kindDuration:
		after, before := *of, *of
		after.num++
		before.num--
		return append(all, after, before)
	}
	return all
}

// place is the location that a slot reads: a field, and names inside it. A computed slot has no field.
type place struct {
	field string
	names []string
}

func (p place) below(name string) place { return place{p.field, append(slices.Clip(p.names), name)} }

// places returns the place of each slot.
func (s *space) places() []place {
	all := make([]place, len(s.slots))
	for i := range s.slots { // a slot comes after its parent
		switch sl := &s.slots[i]; sl.kind {
		case slotField:
			all[i].field = sl.name
		case slotKey, slotFind:
			all[i] = all[sl.parent].below(sl.name)
		case slotDefault:
			all[i] = all[sl.parent]
		}
	}
	return all
}

// put sets the value at a place.
func (f *Facts) put(at place, of *value) {
	if len(at.names) == 0 {
		f.set(at.field, of)
		return
	}
	f.setKey(at.field, at.names, of)
}

// set sets the field of a path.
func (f *Facts) set(path string, of *value) {
	switch path {
	case "event.id":
		f.Event.ID = of.text
	case "event.source":
		f.Event.Source = of.text
	case "event.type":
		f.Event.Type = of.text
	case "event.subject":
		f.Event.Subject = of.text
	case "event.signal":
		_ = f.Event.Signal.UnmarshalText([]byte(of.text)) // an unknown signal: the event fails its evaluation
	case "event.severity":
		f.Event.Severity = severity.Level(of.num)
	case "event.summary":
		f.Event.Summary = of.text
	case "event.time":
		f.Event.Time = of.time()
	case "event.tenant":
		f.Event.Tenant = of.text
	case "event.intake":
		f.Event.Intake = of.text
	case "service.name":
		f.Service.Name = of.text
	case "service.tier":
		f.Service.Tier = int(of.num)
	case "service.owner":
		f.Service.Owner = of.text
	case "team.name":
		f.Team.Name = of.text
	}
}

// setKey sets the value under names in the labels or the data. It replaces a value on the way that is no map.
func (f *Facts) setKey(path string, names []string, of *value) {
	if path == "event.labels" && len(names) == 1 {
		if f.Event.Labels == nil {
			f.Event.Labels = make(map[string]string)
		}
		f.Event.Labels[names[0]] = of.text
		return
	}
	if path != "event.data" {
		return
	}
	if f.Event.Data == nil {
		f.Event.Data = make(map[string]any)
	}
	in := f.Event.Data
	for _, name := range names[:len(names)-1] {
		next, ok := in[name].(map[string]any)
		if !ok {
			next = make(map[string]any)
			in[name] = next
		}
		in = next
	}
	last := names[len(names)-1]
	if _, deeper := in[last].(map[string]any); !deeper {
		in[last] = of.plain()
	}
}

// plain returns the value as a Go value for event data.
func (v *value) plain() any {
	switch v.kind {
	case kindBool:
		return v.num != 0
	case kindInt:
		return v.num
	case kindUint:
		return uint64(v.num)
	case kindDouble:
		return v.real
	case kindString:
		return v.text
	case kindTime:
		return v.time()
	case kindDuration:
		return time.Duration(v.num)
	}
	return nil
}

func (v *value) time() time.Time { return time.Unix(v.num, int64(v.nanos)).UTC() }

// remove removes the value at a place in the labels or the data. It returns false for other places.
func (f *Facts) remove(at place) bool {
	switch last := len(at.names) - 1; at.field {
	case "event.labels":
		delete(f.Event.Labels, at.names[last])
		return true
	case "event.data":
		in := f.Event.Data
		for _, name := range at.names[:last] {
			in, _ = in[name].(map[string]any)
		}
		delete(in, at.names[last])
		return true
	}
	return false
}
