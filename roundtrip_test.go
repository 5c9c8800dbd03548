package tocsin_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// byNumbers is a catalog whose decisions, keys and groups depend on numbers in the data of events.
func byNumbers() *catalog.Catalog {
	c := twoLevels()
	c.Teams["search"] = catalog.Team{Members: []escalate.PersonID{"ben"}}
	c.Classes = []event.Class{
		{Name: "pay.*", Service: "checkout"},
		{Name: "pay.keyed", Dedup: []string{"data.n", "data.m.n"}},
		{Name: "pay.slow", For: time.Minute},
	}
	loud := c.Plans["loud"]
	loud.Group.By = []string{"class", "data.m.n"}
	c.Plans["loud"] = loud
	c.Impact = []catalog.ImpactRule{{When: "event.data.n >= 2.5", Impact: severity.Low, Because: "large"}}
	c.Routes = []catalog.Route{
		{ID: "odd", When: "int(event.data.n) % 2 == 1", Owner: "search", Plan: "loud"},
		{ID: "equal", When: "event.data.n == event.data.m.n", Owner: "payments", Plan: "loud"},
		{ID: "text", When: `string(event.data.m.list[0]).contains("e")`, Owner: "search", Plan: "loud"},
	}
	return c
}

func anyNumber(r *rand.Rand) any {
	switch r.IntN(8) {
	case 0, 1, 2:
		return r.IntN(4)
	case 3:
		return r.Uint64()
	case 4:
		return float64(r.IntN(40)) / 10
	case 5:
		return r.ExpFloat64() * math.Pow(10, float64(r.IntN(600)-300))
	case 6:
		return json.Number(fmt.Sprintf("%d.%de%d", r.IntN(10), r.IntN(100), r.IntN(5)))
	}
	return float32(r.NormFloat64())
}

// numbered draws an event with numbers of every form.
func numbered(r *rand.Rand, id string) event.Event {
	return event.Event{
		ID: id, Type: [...]string{"pay.x", "pay.keyed", "pay.slow"}[r.IntN(3)], Summary: "text " + id, Signal: event.Signal(r.IntN(3) / 2 * 2),
		Severity: severity.Level(2 + r.IntN(3)), Subject: fmt.Sprint(r.IntN(3)), Labels: map[string]string{"shard": fmt.Sprint(r.IntN(3))},
		Data: map[string]any{"n": anyNumber(r), "m": map[string]any{"n": anyNumber(r), "list": []any{anyNumber(r)}}},
	}
}

// nudged is a store whose inbox wakes the engine, as a durable store's does. The engine does not know it for memory.
type nudged struct {
	store.Store
	hints chan struct{}
}

func (n *nudged) Wake() <-chan struct{} { return n.hints }

// put stores an event as an application does in a transaction of its own.
func (n *nudged) put(t *testing.T, e event.Event) {
	doc, err := json.Marshal(e)
	require.NoError(t, err)
	task := store.Task{
		ID: "in-" + e.ID, Record: store.Key{Kind: "inbox", ID: "in-" + e.ID}, Queue: core.QueueInbox, Priority: 1, Kind: "event",
		Due: time.Unix(0, 0), Payload: doc,
	}
	err = n.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
		return store.Batch{Now: time.Now(), Tasks: []store.Task{task}}, store.Need{}, nil
	})
	require.NoError(t, err)
	n.hints <- struct{}{}
}

// decided is what was decided about an incident, with its timeline.
type decided struct {
	owner, rule, why string
	lines            []string
}

// decisions leaves out of timelines what became of messages. That is no decision: which messages leave as one depends on what waits when
// the worker looks.
func decisions(all map[string]decided) map[string]decided {
	for id, d := range all {
		d.lines = slices.DeleteFunc(d.lines, func(line string) bool { return strings.Fields(line)[1] == string(incident.KindPage) })
		all[id] = d
	}
	return all
}

// live plays the events of a seed to an engine, through Submit or through the inbox, and returns its incidents and its store.
func live(t *testing.T, seed uint64, events int, throughInbox bool) (map[string]decided, store.Store) {
	kept, r := &nudged{memory.New(), make(chan struct{}, 1)}, rand.New(rand.NewPCG(seed, 4))
	bell, err := tocsin.New(&tocsin.Config{Catalog: byNumbers(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
	require.NoError(t, err)
	stop := run(t, bell)
	for i := range events {
		settle(time.Duration(1+r.IntN(40)) * time.Second)
		if e := numbered(r, fmt.Sprint("e", i)); throughInbox {
			kept.put(t, e)
		} else {
			require.NoError(t, bell.Submit(t.Context(), e))
		}
	}
	settle(30 * time.Minute)
	stop()
	found := make(map[string]decided)
	all, err := bell.Incidents(t.Context(), tocsin.Query{Limit: 1000})
	require.NoError(t, err)
	for _, i := range all {
		lines, err := bell.Timeline(t.Context(), i.ID)
		require.NoError(t, err)
		found[i.ID] = decided{i.Owner, i.Rule, i.Why, texts(lines)}
	}
	return found, kept
}

// replayed returns the incidents that the log of a store gives again.
func replayed(t *testing.T, c *catalog.Catalog, from store.Store) map[string]decided {
	again, err := sim.Replay(t.Context(), c, from)
	require.NoError(t, err)
	all, err := again.Incidents()
	require.NoError(t, err)
	found := make(map[string]decided)
	for _, i := range all {
		found[i.ID] = decided{i.Owner, i.Rule, i.Why, nil}
	}
	entries := again.Entries()
	for i := range entries {
		if d, ok := found[entries[i].About]; ok {
			d.lines = append(d.lines, texts([]incident.Entry{entries[i].Entry})...)
			found[entries[i].About] = d
		}
	}
	return found
}

// TestRoundtrip: random events decide alike whether they come by Submit, through the inbox of an application's transaction, or from the
// input log of either. It draws on until each rule has decided.
func TestRoundtrip(t *testing.T) {
	streams, events := 20, 100
	if testing.Short() {
		streams = 4
	}
	first := rand.Uint64()
	incidents, rules := 0, map[string]int{}
	undecided := func() []string {
		return slices.DeleteFunc([]string{"", "odd", "equal", "text"}, func(rule string) bool { return rules[rule] > 0 })
	}
	n := 0
	for ; n < streams || n < 20*streams && len(undecided()) > 0; n++ {
		seed := first + uint64(n)
		var submitted map[string]decided
		for _, throughInbox := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) { // each with a clock of its own, which starts alike
				got, log := live(t, seed, events, throughInbox)
				require.Equal(t, got, replayed(t, byNumbers(), log), "seed %d, through the inbox: %v, replayed", seed, throughInbox)
				if throughInbox {
					require.Equal(t, decisions(submitted), decisions(got), "seed %d: through the inbox", seed)
				}
				submitted = got
			})
		}
		for _, d := range submitted {
			incidents++
			rules[d.rule]++
		}
	}
	require.Empty(t, undecided(), "rules that decided nothing")
	t.Logf("%d streams of %d events, %d incidents, seeds from %d", n, events, incidents, first)
}

// TestReplayDecidesOnNumbers: a number that came as JSON is one number when the engine decides and when its log is replayed. Arithmetic
// with a whole number is no arithmetic of data: the rule fails in both, and a finding says what to write.
func TestReplayDecidesOnNumbers(t *testing.T) {
	for _, tt := range []struct{ when, owner, finding string }{
		{"int(event.data.shard) % 2 == 1", "search", ""},
		{"event.data.shard == 7", "search", ""},
		{"event.data.shard % 2 == 1", "payments", "write int(event.data.shard) % 2"},
	} {
		t.Run(tt.when, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := byNumbers()
				c.Impact = nil
				c.Routes = []catalog.Route{{ID: "odd", When: tt.when, Owner: "search", Plan: "loud"}, {ID: "rest", When: "true", Owner: "payments", Plan: "loud"}}
				kept := &nudged{memory.New(), make(chan struct{}, 1)}
				bell, err := tocsin.New(&tocsin.Config{Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
				require.NoError(t, err)
				stop := run(t, bell)
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(
					`{"specversion":"1.0","id":"1","source":"/db","type":"pay.x","summary":"slow","data":{"shard":7,"m":{"n":1}}}`))
				r.Header.Set("Content-Type", "application/cloudevents+json")
				w := httptest.NewRecorder()
				intake.CloudEvents(bell, &intake.Endpoint{Name: "in", Open: true}).ServeHTTP(w, r)
				require.Equal(t, http.StatusAccepted, w.Code, w.Body)
				settle(time.Minute)
				stop()
				all, err := bell.Incidents(t.Context(), tocsin.Query{})
				require.NoError(t, err)
				again := replayed(t, c, kept)
				require.Len(t, again, len(all))
				for _, i := range all {
					assert.Equal(t, i.Owner+i.Rule, again[i.ID].owner+again[i.ID].rule)
					if i.Class == "pay.x" {
						assert.Equal(t, tt.owner, i.Owner)
					} else {
						assert.NotEmpty(t, tt.finding)
						assert.Contains(t, i.Title, tt.finding)
					}
				}
				assert.Equal(t, tt.finding != "", len(all) == 2, "a finding")
			})
		})
	}
}
