package core

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// waiting is a record that is to be advanced to an instant: a group with its unit, or a record of a kind that has deadlines.
type waiting struct {
	u    *unit
	r    *record
	to   time.Time
	from origin
	acts int // how often a record was advanced
}

// wait lets a record be advanced with the others.
func (t *turn) wait(in Advance) {
	w := waiting{to: in.At, from: t.current}
	if _, newer := t.view.Records[in.Key].Rec.(store.Newer); newer { // perhaps of a kind that this version does not have
		t.newer = &in.Key
		return
	}
	if in.Key.Kind == KindGroup {
		w.u, _ = t.unit(in.Key)
	} else {
		w.r = t.timed(in.Key)
	}
	if w.u == nil && w.r == nil {
		return
	}
	t.waiting = append(t.waiting, w)
}

// timed returns the record that is due; nil if the view lacks it, or if records of its kind are never due.
func (t *turn) timed(key store.Key) *record {
	if key.Kind == KindGroup {
		if u, ok := t.unit(key); ok {
			return u.row
		}
		return nil
	}
	if k := t.kind(key.Kind); k.load != nil {
		return k.load(t, key)
	}
	return nil
}

// next returns the record's first deadline; false if it has none.
func (t *turn) next(w *waiting) (time.Time, bool) {
	if w.u != nil {
		d := t.deadline(w.u)
		return d.at, d.of != nil
	}
	return t.kind(w.r.key.Kind).due(w.r.rec)
}

// advanceAll advances the records that wait for it together, by time. A finding about one of them goes to another group, which
// therefore learns of it in time even if both were looked at late.
func (t *turn) advanceAll() {
	t.step++
	for len(t.waiting) > 0 && !t.overflow {
		best, first := -1, time.Time{}
		for i := range t.waiting {
			if at, ok := t.next(&t.waiting[i]); ok && !at.After(t.waiting[i].to) && (best < 0 || at.Before(first)) {
				best, first = i, at
			}
		}
		if best < 0 {
			t.waiting = nil
			return
		}
		w := &t.waiting[best]
		t.now, t.current = w.to, w.from
		if !t.act(w, first) {
			t.waiting = slices.Delete(t.waiting, best, best+1) // the view lacks a record
		}
		t.applyFound()
	}
}

// act does what is due in the record.
func (t *turn) act(w *waiting, at time.Time) bool {
	if w.u != nil {
		at = w.u.from(at)
		return t.counts(w.u, at) && t.deadline(w.u).of.act(t, w.u, at) && t.hear()
	}
	if w.acts++; w.acts > mostFacts {
		t.overflow = true
		return false
	}
	w.r.dirty = true
	return t.kind(w.r.key.Kind).act(t, w.r, at) && t.hear()
}

// advance lets everything happen that was due in the unit up to the instant, each at its own time: by time, the incident before
// its alerts. It is false if the view lacks a record; further inputs then do not try again, since each would look at every member.
func (t *turn) advance(u *unit, to time.Time) bool {
	t.now = to
	for !u.stuck {
		next := t.deadline(u)
		if next.of == nil || next.at.After(to) {
			return true
		}
		at := u.from(next.at)
		u.stuck = !t.counts(u, at) || !next.of.act(t, u, at) || !t.hear()
	}
	return false
}

// deadline is what is due next in a unit. The zero deadline is none.
type deadline struct {
	at time.Time
	of part
}

// deadline returns the unit's first deadline. Of several at one instant it is that of the first part, but the alerts come last.
func (t *turn) deadline(u *unit) deadline {
	var first, last deadline
	for _, p := range t.parts {
		at, ok := p.due(u)
		if !ok {
			continue
		}
		of := &first
		if _, ok := p.(alerts); ok {
			of = &last
		}
		if of.of == nil || at.Before(of.at) {
			*of = deadline{at, p}
		}
	}
	if first.of == nil || last.of != nil && last.at.Before(first.at) {
		return last
	}
	return first
}

// dueAt returns when the engine is to look at the unit again; zero: never.
func (t *turn) dueAt(u *unit) time.Time {
	if !u.row.rest.IsZero() {
		return u.row.rest
	}
	return t.deadline(u).at
}

// record's kind tells how records of it are indexed, and when they are due.
func (t *turn) kind(name string) *kind {
	i := slices.IndexFunc(t.kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		panic("core: there are no records of kind " + name)
	}
	return &t.kinds[i]
}
