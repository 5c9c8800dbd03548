package core

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
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
