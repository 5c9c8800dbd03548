package respond

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// Line returns what is left of a line of the timeline of a record; the same document if nothing is taken out.
func (x *Eraser) Line(of store.Key, doc []byte) ([]byte, error) {
	if of.Tenant != x.tenant {
		return doc, nil
	}
	var e incident.Entry
	if err := json.Unmarshal(doc, &e); err != nil {
		return nil, fmt.Errorf("respond: erase: line of %q: %w", of.ID, err)
	}
	was := e
	if from := x.own(&e); from >= 0 {
		e.Text = e.Text[:from] + erased
	} else {
		e.Text = x.runText(of, &e)
	}
	w := x.of(of)
	if e.Text = w.text(e.Text); e.Actor != string(x.person) {
		e.Actor = w.text(e.Actor)
	}
	if e == was {
		return doc, nil
	}
	return e.AppendJSON(nil), nil
}

// own returns where in its text the person's own words begin, -1 if there are none: the rest says what was done.
func (x *Eraser) own(e *incident.Entry) int {
	mark := ""
	switch {
	case e.Actor != string(x.person):
	case e.What == "acknowledged":
		mark = "via "
	case e.What == "priority":
		mark = "forced: "
	case e.What == "incident resolved":
		mark = "override: "
	}
	if i := strings.Index(e.Text, mark); mark != "" && i >= 0 {
		return i + len(mark)
	}
	return -1
}

// runText takes out of what a runbook tells the words of the person: answers, which end with the id, and reasons.
func (x *Eraser) runText(of store.Key, e *incident.Entry) string {
	if !strings.HasPrefix(e.What, "runbook ") {
		return e.Text
	}
	if w := x.wrote[of]; w != nil && w.declined[e.What] && strings.HasPrefix(e.Text, "declined: ") {
		return "declined: " + erased
	}
	by := columnGap + string(x.person)
	head, answer, ok := strings.Cut(strings.TrimSuffix(e.Text, by), columnGap)
	if ok && answer != "" && strings.HasPrefix(head, "step ") && strings.HasSuffix(e.Text, by) {
		return head + columnGap + erased + by
	}
	return x.behindID(e.Text)
}

// columnGap stands between the columns of a line.
const columnGap = "  "

// Letter reports whether a dead letter is one to the person.
func (x *Eraser) Letter(t *store.Task) bool {
	var m notify.Message
	_ = json.Unmarshal(t.Payload, &m) // what is none is for nobody
	return m.Person == string(x.person) || x.words.text(t.ID) != t.ID || x.words.text(m.To) != m.To
}

// Payload returns what is left of the payload of a dead task, or of the reason for which it died.
func (x *Eraser) Payload(of store.Key, doc []byte) ([]byte, error) {
	if of.Tenant != x.tenant {
		return doc, nil
	}
	var about struct{ Incident string }
	if json.Unmarshal(doc, &about) != nil {
		if text := x.words.text(string(doc)); text != string(doc) {
			return []byte(text), nil
		}
		return doc, nil
	}
	inc, _ := IncidentKey(about.Incident)
	return x.of(inc).document(doc)
}
