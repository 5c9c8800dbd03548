package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// Erase takes what an Eraser looks for out of one record. Erasure is no part of the history: it writes no entry, moves no instant, and
// no log keeps it. It is decided about alone.
type Erase struct {
	At     time.Time
	Record store.Key
	Eraser *Eraser
}

// erase puts the erased record in the place of the one that the view holds.
func (t *turn) erase(in Erase) error {
	snap, ok := t.view.Records[in.Record]
	if !ok {
		t.need.Write = append(t.need.Write, in.Record)
		return nil
	}
	switch snap.Rec.(type) {
	case nil, store.Unreadable: // the store has forgotten it, or it was damaged meanwhile
		return nil
	case store.Newer:
		t.newer = &in.Record
		return nil
	}
	rec, changed, err := in.Eraser.record(in.Record, snap.Rec, in.At)
	if changed {
		t.add(in.Record, snap.Version, rec).dirty = true
	}
	return err
}

// Eraser takes a person out of the data of one tenant: the contacts, the texts that the person wrote, and words. The id of the person
// stays, and with it who did what. The tags of the fields say what each text is (erasetags.go). An Eraser is for one goroutine.
type Eraser struct {
	core   *Core
	tenant string
	person escalate.PersonID
	words  words
	wrote  map[store.Key]words // by incident: the texts that the person wrote there, and words
}

// NewEraser makes an Eraser. Addresses that are short, or part of the person's id, are found with their channel only; any other word
// that is part of the id is refused.
func (c *Core) NewEraser(tenant string, person escalate.PersonID, contacts []escalate.Contact, named []string) (*Eraser, error) {
	list := slices.Clone(named)
	for _, contact := range contacts {
		_, address := contact.Split()
		switch {
		case address == "":
		case utf8.RuneCountInString(address) < shortest || partOf(person, address):
			list = append(list, string(contact))
		default:
			list = append(list, address)
		}
	}
	x := &Eraser{core: c, tenant: tenant, person: person, words: newWords(list), wrote: make(map[store.Key]words)}
	for _, word := range x.words {
		if partOf(person, word) {
			return nil, fmt.Errorf("core: erase: %q is part of the id %q, which stays", word, person)
		}
	}
	return x, nil
}

func partOf(person escalate.PersonID, word string) bool {
	return words{word}.text(string(person)) != string(person)
}

// Learn notes the reasons that the person gave in an incident and that messages about it repeat. The row holds its timeline. All
// incidents must be learnt before the input log is erased.
func (x *Eraser) Learn(row store.Snapshot) error {
	if row.Key.Kind != KindIncident {
		return nil
	}
	var list []string
	for _, entry := range row.Entries {
		var e incident.Entry
		if err := json.Unmarshal(entry.Doc, &e); err != nil {
			return fmt.Errorf("core: erase: entry %d of %q: %w", entry.Seq, row.Key.ID, err)
		}
		if quoted(e.Word) && e.Said.By == x.person && !partOf(x.person, e.Said.Text) {
			list = append(list, e.Said.Text)
		}
	}
	if len(list) > 0 {
		x.wrote[row.Key] = newWords(append(list, x.words...))
	}
	return nil
}

// quoted reports whether messages and views repeat what a person says in an entry with the word.
func quoted(w incident.Word) bool {
	switch w {
	case incident.WordPriority, incident.WordIncidentResolved, incident.WordTodo, incident.WordDecision:
		return true
	}
	return false
}

// of returns what is to be taken out of texts about the record.
func (x *Eraser) of(key store.Key) words {
	if w, ok := x.wrote[key]; ok {
		return w
	}
	return x.words
}

// Record tells whether a record is to be erased, and whether something stays in it: a message on its way, or a word in a name by which
// the record is found.
func (x *Eraser) Record(row store.Snapshot, at time.Time) (changed, left bool, err error) {
	rec, changed, err := x.record(row.Key, row.Rec, at)
	if err != nil {
		return false, false, err
	}
	left = x.words.text(row.Key.ID) != row.Key.ID || x.stands(x.words, rec)
	if inc, ok := rec.(*Incident); ok {
		left = left || slices.ContainsFunc(inc.Delivery.Pending, func(p Pending) bool {
			return p.Person == x.person || x.of(row.Key).text(p.Note) != p.Note
		})
	}
	return changed, left, nil
}

// record returns what is left of a record, which itself stays as it is.
func (x *Eraser) record(key store.Key, rec any, at time.Time) (out any, changed bool, err error) {
	doc, err := x.core.Encode(key.Kind, Schema, rec)
	if err != nil {
		return nil, false, err
	}
	if out, err = x.core.Decode(key.Kind, Schema, doc); err != nil {
		return nil, false, err
	}
	before, err := x.core.Encode(key.Kind, Schema, out)
	if err != nil {
		return nil, false, err
	}
	if inc, ok := out.(*Incident); ok {
		for _, p := range x.core.parts {
			if p, ok := p.(eraser); ok {
				p.erase(inc, x, at)
			}
		}
	}
	if kept, ok := out.(*Unreadable); ok && x.words.text(string(kept.Doc)) != string(kept.Doc) {
		kept.Doc = nil
	}
	if s, ok := out.(*Subscriber); ok && x.words.text(s.Address) != s.Address {
		s.forget(at)
	}
	x.take(x.of(key), out)
	after, err := x.core.Encode(key.Kind, Schema, out)
	return out, !bytes.Equal(before, after), err
}

// Line returns what is left of an entry of the timeline of a record; the same document if nothing is taken out.
func (x *Eraser) Line(of store.Key, doc []byte) ([]byte, error) {
	if of.Tenant != x.tenant {
		return doc, nil
	}
	var e incident.Entry
	if err := json.Unmarshal(doc, &e); err != nil {
		return nil, fmt.Errorf("core: erase: entry of %q: %w", of.ID, err)
	}
	if !x.take(x.of(of), &e) {
		return doc, nil
	}
	return e.AppendJSON(nil), nil
}

// Holds reports whether the payload of a task is for the person, or holds something that is to be taken out.
func (x *Eraser) Holds(t *store.Task) bool {
	p, err := payloadOf(t.Payload)
	if err != nil {
		return x.words.text(string(t.Payload)) != string(t.Payload)
	}
	return x.IsTo(t) || x.stands(x.words, p) || x.stands(x.of(t.Record), p)
}

// IsTo reports whether a task is a message to the person.
func (x *Eraser) IsTo(t *store.Task) bool {
	p, _ := payloadOf(t.Payload) // a text that cannot be read is for nobody
	m, ok := p.(*notify.Message)
	return ok && (m.Person == string(x.person) || x.words.text(m.To) != m.To)
}

// Payload erases the payload of a dead task, or the text of its failure. It returns doc itself if nothing changes.
func (x *Eraser) Payload(of store.Key, doc []byte) ([]byte, error) {
	if of.Tenant != x.tenant {
		return doc, nil
	}
	p, err := payloadOf(doc)
	if err != nil { // a reason
		if text := x.words.text(string(doc)); text != string(doc) {
			return []byte(text), nil
		}
		return doc, nil
	}
	about := store.Key{Tenant: x.tenant, Kind: KindIncident}
	switch p := p.(type) {
	case *notify.Message:
		about.ID = p.Incident
	case *automate.Invocation:
		about.ID = p.Incident
	}
	if !x.take(x.of(about), p) {
		return doc, nil
	}
	return json.Marshal(p)
}

// payloadOf reads the payload of a task: a message, a call of an action, or an event.
func payloadOf(doc []byte) (any, error) {
	var is struct{ Channel, Action, Type string }
	if err := json.Unmarshal(doc, &is); err != nil {
		return nil, err
	}
	var p any
	switch {
	case is.Channel != "":
		p = new(notify.Message)
	case is.Action != "":
		p = new(automate.Invocation)
	default:
		p = new(event.Event)
	}
	return p, unrounded(doc, p)
}

// Inputs returns what is left of a row of the input log, as EncodeInputs wrote it; the same document if nothing is taken out. The rest
// can be read and replayed, and says the same of everybody else.
func (x *Eraser) Inputs(doc []byte) ([]byte, error) {
	var rows []logged
	if err := unrounded(doc, &rows); err != nil {
		return nil, fmt.Errorf("core: erase logged inputs: %w", err)
	}
	changed := false
	for i := range rows {
		did, err := x.input(&rows[i])
		if err != nil {
			return nil, fmt.Errorf("core: erase logged inputs: %w", err)
		}
		changed = changed || did
	}
	if !changed {
		return doc, nil
	}
	return json.Marshal(rows)
}

// input erases one logged input.
func (x *Eraser) input(in *logged) (changed bool, err error) {
	for _, e := range in.Events {
		if e.Tenant == x.tenant {
			changed = x.take(x.words, e) || changed
		}
	}
	switch {
	case in.Do != nil && in.Do.Tenant == x.tenant:
		return x.command(in.Do)
	case in.Outcome != nil && in.Outcome.Record.Tenant == x.tenant:
		return x.take(x.of(in.Outcome.Record), in.Outcome), nil
	case in.Acted != nil && in.Acted.Record.Tenant == x.tenant:
		return x.take(x.of(in.Acted.Record), in.Acted), nil
	}
	return changed, nil
}

// command erases a logged command.
func (x *Eraser) command(in *loggedCommand) (changed bool, err error) {
	c, err := x.core.Command(in.Name, in.Command)
	if err != nil {
		return false, err
	}
	own := reflect.New(reflect.TypeOf(c))
	own.Elem().Set(reflect.ValueOf(c))
	if changed = x.take(x.of(store.Key{Tenant: x.tenant, Kind: KindIncident, ID: c.Head().Incident}), own.Interface()); changed {
		in.Command, err = json.Marshal(own.Interface())
	}
	return changed, err
}

// Written returns a zero value of everything that is written down: records, timeline entries, inputs, commands and payloads.
func (c *Core) Written() []any {
	all := []any{incident.Entry{}, event.Event{}, Outcome{}, Acted{}, notify.Message{}, automate.Invocation{}}
	for _, k := range c.kinds {
		all = append(all, k.blank())
	}
	for _, cmd := range c.Commands() {
		all = append(all, cmd)
	}
	return all
}

// unrounded reads JSON into v and keeps numbers as they are written.
func unrounded(doc []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	return d.Decode(v)
}
