package respond

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// Erase takes what an Eraser looks for out of one record. It is no part of what happened: it writes no entry, no instant
// moves, and no log keeps it. It is decided about alone.
type Erase struct {
	At     time.Time
	Record store.Key
	Eraser *Eraser
}

// Keys implements Input.
func (in Erase) Keys() []store.Key { return []store.Key{in.Record} }

func (Erase) input() {}

// erase puts the erased record in the place of the one that the view holds.
func (t *turn) erase(in Erase) error {
	snap, ok := t.view.Records[in.Record]
	if !ok {
		t.need.Write = append(t.need.Write, in.Record)
		return nil
	}
	if snap.Rec == nil { // it is forgotten by now
		return nil
	}
	rec, changed, err := in.Eraser.record(in.Record, snap.Rec, in.At)
	if changed {
		t.add(in.Record, snap.Version, rec).dirty = true
	}
	return err
}

// Eraser knows what is to be taken out of the data of one tenant: the contacts of a person, the texts that the person wrote,
// and words. The id of the person stays, and with it who did what. It is for one goroutine.
type Eraser struct {
	tenant string
	person escalate.PersonID
	words  words
	wrote  map[store.Key]*wrote // by incident
}

// wrote is what the person wrote in one incident.
type wrote struct {
	words    words           // and those of the Eraser
	declined map[string]bool // whether lines of a runbook say for what reason it was declined
}

// NewEraser makes an Eraser. Addresses that are short, or part of the person's id, are found with their channel only; any other
// word that is part of the id is refused.
func NewEraser(tenant string, person escalate.PersonID, contacts []escalate.Contact, named []string) (*Eraser, error) {
	list := slices.Clone(named)
	for _, c := range contacts {
		_, address := c.Split()
		switch {
		case address == "":
		case utf8.RuneCountInString(address) < shortest || partOf(person, address):
			list = append(list, string(c))
		default:
			list = append(list, address)
		}
	}
	x := &Eraser{tenant: tenant, person: person, words: newWords(list), wrote: make(map[store.Key]*wrote)}
	for _, word := range x.words {
		if partOf(person, word) {
			return nil, fmt.Errorf("respond: erase: %q is part of the id %q, which stays", word, person)
		}
	}
	return x, nil
}

func partOf(person escalate.PersonID, word string) bool {
	return words{word}.text(string(person)) != string(person)
}

// Learn notes for what reasons the person did what in an incident, which is read with its timeline: messages about it, to
// whomever, repeat them.
func (x *Eraser) Learn(row store.Snapshot) error {
	inc, ok := row.Rec.(*Incident)
	if !ok {
		return nil
	}
	w := &wrote{declined: make(map[string]bool)}
	var list []string
	for _, entry := range row.Entries {
		var e incident.Entry
		if err := json.Unmarshal(entry.Doc, &e); err != nil {
			return fmt.Errorf("respond: erase: entry %d of %q: %w", entry.Seq, inc.ID, err)
		}
		if from := x.own(&e); from >= 0 && e.What != "acknowledged" { // of reasons there are copies
			list = append(list, e.Text[from:])
		}
	}
	for i := range inc.Runs {
		if r := &inc.Runs[i]; r.State == automate.Declined && r.By == string(x.person) {
			w.declined["runbook "+r.Runbook.Name] = true
		}
	}
	if w.words = newWords(append(list, x.words...)); len(list)+len(w.declined) > 0 {
		x.wrote[row.Key] = w
	}
	return nil
}

// of returns what is to be taken out of texts about the incident.
func (x *Eraser) of(inc store.Key) words {
	if w := x.wrote[inc]; w != nil {
		return w.words
	}
	return x.words
}

// Record tells whether a record is to be erased, and whether something stays in it: a message on its way, or a word in a
// name by which it is found.
func (x *Eraser) Record(row store.Snapshot, at time.Time) (changed, left bool, err error) {
	rec, changed, err := x.record(row.Key, row.Rec, at)
	if err != nil {
		return false, false, err
	}
	doc, err := Codec{}.Encode(row.Key.Kind, Schema, rec)
	if err != nil {
		return false, false, err
	}
	left = x.words.text(row.Key.ID) != row.Key.ID || x.words.stand(doc, isFixed)
	if inc, ok := rec.(*Incident); ok {
		left = left || slices.ContainsFunc(inc.Pending, func(p Pending) bool {
			return p.Person == x.person || x.of(row.Key).text(p.Note) != p.Note
		})
	}
	return changed, left, nil
}

// Holds reports whether the payload of a task is for the person, or holds something that is to be taken out.
func (x *Eraser) Holds(t *store.Task) bool {
	return x.Letter(t) || x.words.stand(t.Payload, isFixed) || x.of(t.Record).stand(t.Payload, isName)
}

// record returns what is left of a record, which itself stays as it is.
func (x *Eraser) record(key store.Key, rec any, at time.Time) (out any, changed bool, err error) {
	doc, err := Codec{}.Encode(key.Kind, Schema, rec)
	if err != nil {
		return nil, false, err
	}
	if out, err = (Codec{}).Decode(key.Kind, Schema, doc); err != nil || key.Kind == KindGroup { // which has names only
		return out, false, err
	}
	before, err := Codec{}.Encode(key.Kind, Schema, out)
	if err != nil {
		return nil, false, err
	}
	switch r := out.(type) {
	case *Incident:
		x.incident(r, at)
	case *automate.Switch:
		if r.By == string(x.person) {
			r.Why = erased
		}
	}
	if doc, err = (Codec{}).Encode(key.Kind, Schema, out); err != nil {
		return nil, false, err
	}
	if doc, err = x.of(key).document(doc); err != nil {
		return nil, false, fmt.Errorf("respond: erase: %w", err)
	}
	out, err = Codec{}.Decode(key.Kind, Schema, doc)
	return out, !bytes.Equal(doc, before), err
}

// lingering is for how long after its time a message may still be heard of.
const lingering = time.Hour

// incident takes out of an incident where the person was reached, and what the person wrote.
func (x *Eraser) incident(i *Incident, at time.Time) {
	i.Told = slices.DeleteFunc(i.Told, func(t Told) bool {
		return t.Person == x.person || x.words.text(string(t.Contact)) != string(t.Contact)
	})
	i.Pending = slices.DeleteFunc(i.Pending, func(p Pending) bool {
		return p.Person == x.person && at.Sub(p.Expires) > lingering
	})
	for n := range i.Escalation.Acks {
		if a := &i.Escalation.Acks[n]; a.By == x.person && a.Via != "" {
			a.Via = erased
		}
	}
	for n := range i.Runs {
		r := &i.Runs[n]
		if r.Why = x.behindID(r.Why); r.State == automate.Declined && r.By == string(x.person) {
			r.Why = erased
		}
		for s := range r.Steps {
			p := &r.Steps[s]
			if p.Error = x.behindID(p.Error); p.By == string(x.person) && p.Output != "" {
				p.Output = erased
			}
		}
	}
}

// behindID takes out what follows the id of the person and a colon: a reason.
func (x *Eraser) behindID(text string) string {
	mark := string(x.person) + ": "
	i := strings.Index(text, mark)
	if i < 0 || joined(text[:i], mark) {
		return text
	}
	return text[:i] + mark + erased
}
