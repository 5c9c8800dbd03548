package core

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
)

// TestTheNextContactIsTried: an outcome is known by its number, however the contact is written.
func TestTheNextContactIsTried(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, first := range []escalate.Contact{"slack", "slack:", "slack:@ana", "slack:a:b"} {
		t.Run(string(first), func(t *testing.T) {
			b := newBench(t, New(), func(s *catalog.Catalog, _ *catalog.Plan) {
				s.People = map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{first, "sms:1"}}}
				s.Policies["default"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: 5 * time.Minute}}}
			})
			at := start.Add(time.Minute)
			tasks := b.decide(start, Events{b.event("disk.full", "", start)}).Tasks
			tasks = append(tasks, b.decide(at, Advance{At: at, Key: b.all(KindGroup)[0].Key}).Tasks...)
			require.Len(t, tasks, 1)
			var page notify.Message
			require.NoError(t, json.Unmarshal(tasks[0].Payload, &page))
			d := b.decide(at, Outcome{At: at, Record: tasks[0].Record, Message: page, Error: "gone"})
			require.Len(t, d.Tasks, 1)
			assert.Equal(t, "sms:1 page", d.Tasks[0].Order)
		})
	}
}

// TestPagesAreCounted: notices are no pages, and what an old version did not count stays unknown.
func TestPagesAreCounted(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	page := Pending{Kind: notify.Page, Recipient: escalate.Recipient{Person: "ana", Contacts: []escalate.Contact{"sms:1"}}}
	notice, room := page, page
	notice.Kind, room.Recipient = notify.Notice, escalate.Recipient{Contacts: []escalate.Contact{"chat:#ops"}}
	for _, c := range []struct {
		name    string
		old     string // document of the record before
		reaches []Pending
		want    []int
	}{
		{"two pages", `{}`, []Pending{page, page}, []int{2}},
		{"a notice", `{}`, []Pending{notice}, []int{0}},
		{"a notice between two pages", `{}`, []Pending{page, notice, page}, []int{2}},
		{"a person and a room", `{}`, []Pending{page, room, page}, []int{2, 1}},
		{"an old record", `{"delivery":{"told":[{"person":"ana","contact":"sms:1"}]}}`, nil, []int{-1}},
		{"pages after an old record", `{"delivery":{"told":[{"person":"ana","contact":"sms:1"}]}}`, []Pending{page, page, room}, []int{-1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, err := New().Decode(KindIncident, Schema, []byte(c.old))
			require.NoError(t, err)
			i := rec.(*Incident)
			before := i.Delivery.Told
			for k := range c.reaches {
				i.Delivery.reached(&c.reaches[k], at.Add(time.Duration(k)*time.Minute))
			}
			var v incident.Incident
			delivery{}.show(i, &v)
			var pages []int
			for _, told := range v.Told {
				pages = append(pages, told.Pages)
			}
			assert.Equal(t, c.want, pages)
			if len(c.reaches) > 0 {
				assert.Equal(t, at.Add(time.Duration(len(c.reaches)-1)*time.Minute), latest(v.Told))
				for _, told := range before {
					assert.Zero(t, told.Last, "a record that was read is not changed")
				}
			}
		})
	}
}

func latest(all []incident.Told) (last time.Time) {
	for _, told := range all {
		if told.Last.After(last) {
			last = told.Last
		}
	}
	return last
}
