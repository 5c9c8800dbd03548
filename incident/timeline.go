package incident

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/line"
)

// EntryKind sorts the lines of a timeline.
type EntryKind string

// The kinds of entry.
const (
	KindState    EntryKind = "state"    // something changed
	KindPage     EntryKind = "page"     // a message to responders left, or failed for good
	KindAck      EntryKind = "ack"      // somebody took the incident, or gave it back
	KindAction   EntryKind = "action"   // what a runbook does
	KindChange   EntryKind = "change"   // a change event
	KindDecision EntryKind = "decision" // what people were asked to decide, and decided
	KindNote     EntryKind = "note"     // anything else worth knowing
)

// Entry is one line of the append-only timeline of an incident or an alert.
type Entry struct {
	Seq   uint64    `json:"seq"`
	At    time.Time `json:"at"` // when it took effect
	Word  Word      `json:"word" erase:"keep"`
	Of    string    `json:"of,omitempty" erase:"keep"`     // the level, runbook or other subject of the word
	Actor string    `json:"actor,omitempty" erase:"words"` // person, action or sender; empty: the engine
	Text  string    `json:"text,omitempty" erase:"words"`  // columns, separated by two spaces
	When  time.Time `json:"when,omitzero"`                 // of what the entry tells, if that is another instant than At
	Said  Said      `json:"said,omitzero"`                 // the words of a person
	Sent  *Sent     `json:"sent,omitempty"`                // of an entry about a message; nil if an earlier version wrote the entry
}

// AppendJSON appends the JSON of e, equal to that of [json.Marshal]. It needs no reflection, since nearly every decision writes
// entries. The year of At must be 0 to 9999.
func (e *Entry) AppendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"seq":`...), e.Seq, 10)
	b = e.At.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano)
	b = appendText(append(b, `","word":`...), string(e.Word))
	b = appendField(b, "of", e.Of)
	b = appendField(b, "actor", e.Actor)
	b = appendField(b, "text", e.Text)
	if !e.When.IsZero() {
		b = append(e.When.AppendFormat(append(b, `,"when":"`...), time.RFC3339Nano), '"')
	}
	if e.Said != (Said{}) {
		b = appendText(append(b, `,"said":{"by":`...), string(e.Said.By))
		b = appendText(append(b, `,"text":`...), e.Said.Text)
		b = append(b, '}')
	}
	if e.Sent != nil {
		b = e.Sent.appendJSON(append(b, `,"sent":`...))
	}
	return append(b, '}')
}

// appendField appends a field that is left out if it is empty. Another field stands before it.
func appendField(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(append(append(append(b, `,"`...), name...), `":`...), text)
}

// appendText appends s as a JSON string. It leaves strings with other characters than printable ASCII to package json.
func appendText(b []byte, s string) []byte {
	start := len(b)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '<', c == '>', c == '&':
			doc, _ := json.Marshal(s) // a string: cannot fail
			return append(b[:start], doc...)
		case c == '"', c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// Line formats e as one line: the offset from start, the word, the text, a person's words and the actor, separated by two spaces.
// An example is "+5m  level 2  pages ben". Offsets are rounded to seconds. Line breaks in texts become " ⏎ ", and no text can colour or move
// what is printed around it.
func (e *Entry) Line(start time.Time) string {
	word := string(e.Word)
	if e.Of != "" {
		word += " " + e.Of
	}
	columns := []string{Offset(e.At.Sub(start)), word}
	if !e.When.IsZero() {
		columns = append(columns, "at "+Offset(e.When.Sub(start)))
	}
	for _, column := range [...]string{e.Text, e.Word.Quote(e.Said)} {
		if column != "" {
			columns = append(columns, column)
		}
	}
	if e.Actor != "" {
		columns = append(columns, "by "+e.Actor)
	}
	return line.Of(strings.Join(columns, "  "))
}

// Offset formats a duration as +5m, +1h30m or +0s, rounded to seconds.
func Offset(d time.Duration) string {
	d = d.Round(time.Second)
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return sign + Short(d)
}

// Short formats a duration for people: without trailing zero units, 5m instead of the 5m0s of Duration.String, to the second from a minute
// on, and to a tenth of a second from a second on.
func Short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		d = d.Round(time.Second)
	case d >= time.Second:
		d = d.Round(100 * time.Millisecond)
	}
	s := d.String()
	if d >= time.Minute {
		if t, ok := strings.CutSuffix(s, "m0s"); ok {
			s = t + "m"
		}
	}
	if d >= time.Hour {
		if t, ok := strings.CutSuffix(s, "h0m"); ok {
			s = t + "h"
		}
	}
	return s
}
