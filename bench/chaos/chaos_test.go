package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/machine/escalation"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// TestMain also runs the child processes: the binary starts itself with a role.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-role" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestRow04 runs three replicas through every fault. It lasts one second and the escalations that follow, or one minute
// with TOCSIN_LONG=1. The ten-minute run is the command's.
func TestRow04(t *testing.T) {
	o := options{store: "postgres", replicas: 3, lasts: time.Second, faults: 8, skew: 30 * time.Second, seed: uint64(time.Now().UnixNano())}
	switch {
	case os.Getenv("TOCSIN_LONG") == "1":
		o.lasts, o.faults = time.Minute, 40
	case testing.Short():
		t.Skip("SKIPPED, not tested with -short: three replicas under faults")
	}
	c := newCluster(&o)
	c.server = postgrestest.Own(t, connections)
	v, err := c.run(t.Context())
	require.NoError(t, err)
	line, err := json.Marshal(v)
	require.NoError(t, err)
	t.Log(string(line))
	require.NoError(t, v.fault())
	for _, what := range mix {
		assert.Positive(t, v.Faults[what], what)
	}
	assert.Positive(t, v.StaleRefused, "no task was taken over")
	assert.Positive(t, v.Pages, "nobody was paged") // the verdict checks that every page came
}

func entry(word incident.Word, of, text string) incident.Entry {
	return incident.Entry{Word: word, Of: of, Text: text}
}

func sent(seq, round, level int, to string) delivery {
	return delivery{
		key: fmt.Sprintf("%s-%d-0", incidentOf(1), seq), seq: uint64(seq), kind: notify.Page, round: round, level: level, to: to,
	}
}

// TestVerdict adds one violation at a time to a correct history. The verdict must find each.
func TestVerdict(t *testing.T) {
	alone := &life{number: 1, alone: true, fired: 1} // of the plan "two"
	lines := []incident.Entry{
		entry(incident.WordLevel, "1", "pages ana"), entry(incident.WordPage, "", "level 1  ana  hook"),
		entry(incident.WordLevel, "2", "pages ben, cy"),
	}
	came := []delivery{sent(1, 1, 1, "ana"), sent(2, 1, 2, "ben"), sent(3, 1, 2, "cy")}
	taken := entry(incident.WordAcknowledged, "", "")
	for _, c := range []struct {
		name  string
		lines []incident.Entry
		came  []delivery
		want  verdict
	}{
		{"nothing", lines, came, verdict{Pages: 3}},
		{"a repeat", lines, append(came, came[0]), verdict{Pages: 3, Repeats: 1}},
		{"a page that never came", lines, came[:2], verdict{Pages: 2, PagesLost: 1}},
		{"a level that never fired", lines[:2], came[:1], verdict{Pages: 1, PagesLost: 2}},
		{"another key", lines, append(came, sent(4, 1, 1, "ana")), verdict{Pages: 3, KeysChanged: 1}},
		{"a level twice", append(lines, lines[0]), came, verdict{Pages: 3, DoubleEscalations: 1}},
		{"a level after an acknowledgement", append(lines[:2:2], taken, lines[2]), came, verdict{Pages: 3, DoubleEscalations: 1}},
		{"a page of no level", lines, append(came, sent(4, 2, 1, "ana")), verdict{Pages: 4, DoubleEscalations: 1}},
		{"an order", lines, append(came, sent(0, 1, 2, "ben")), verdict{Pages: 3, KeysChanged: 1, OrderViolations: 1}},
		{
			"withdrawn", append(lines, entry(incident.WordWithdrawn, "", "level 2  cy  hook")), came[:2],
			verdict{Pages: 2, Withdrawn: 1},
		},
		{
			"expired", append(lines, entry(incident.WordPage, "", "level 2  cy  hook  failed: its time passed")), came[:2],
			verdict{Pages: 2, Expired: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v verdict
			v.incident(alone, readStory(c.lines), slices.Clone(c.came))
			v.LatestMs = 0
			assert.Equal(t, c.want, v)
			bad := c.want.PagesLost + c.want.KeysChanged + c.want.DoubleEscalations + c.want.OrderViolations
			assert.Equal(t, bad > 0, v.fault() != nil)
		})
	}
}

// TestJournal checks that the verdict tells late settlements from timely ones.
func TestJournal(t *testing.T) {
	for _, c := range []struct {
		name, journal  string
		refused, stale int
	}{
		{"in time", "claimed a 1\ntry a 1\nsettled a 1\n", 0, 0},
		{"begun in time", "claimed a 1\ntry a 1\nclaimed a 2\nsettled a 1\n", 0, 0},
		{"refused", "claimed a 1\nclaimed a 2\ntry a 1\nrefused a 1\ntry a 2\nsettled a 2\n", 1, 0},
		{"too late", "claimed a 1\nclaimed a 2\ntry a 1\nsettled a 1\n", 0, 1},
		{"of another task", "claimed a 1\nclaimed b 2\ntry a 1\nsettled a 1\n", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v verdict
			require.NoError(t, v.settled(bufio.NewScanner(strings.NewReader(c.journal))))
			assert.Equal(t, verdict{StaleRefused: c.refused, StaleSettled: c.stale}, v)
		})
	}
}

// TestSkew moves a record, a task and a timeline entry by the skew and back.
func TestSkew(t *testing.T) {
	const ahead = skew(30 * time.Second)
	at := time.Date(2030, 1, 1, 0, 0, 0, 123, time.UTC)
	codec := skewed{core.New(), ahead}
	was := &core.Incident{
		About:      core.About{ID: "x", Title: `at "2030"`},
		Escalation: core.Escalation{State: escalation.State{Next: at}, Taken: at},
	}
	doc, err := codec.Encode(core.KindIncident, core.Schema, was)
	require.NoError(t, err)
	plain, err := core.New().Decode(core.KindIncident, core.Schema, doc)
	require.NoError(t, err)
	assert.Equal(t, at.Add(30*time.Second), plain.(*core.Incident).Escalation.Next, "as others see it")
	assert.True(t, plain.(*core.Incident).Escalation.Opened.IsZero())
	back, err := codec.Decode(core.KindIncident, core.Schema, doc)
	require.NoError(t, err)
	assert.Equal(t, was, back)

	lease := &store.Lease{Until: at}
	given := store.Batch{
		Now: at, Settle: []store.Settle{{Retry: at}}, Tasks: []store.Task{{Due: at, Rank: 5, Lease: lease, Payload: []byte(`{"at":"2030-01-01T00:00:00.5+01:00"}`)}},
		Put: []store.Change{{Due: at, Entries: []store.Entry{{At: at, Doc: []byte(`{"at":"2030-01-01T00:00:00Z"}`)}}}},
	}
	moved := ahead.batch(given, time.Second)
	later := at.Add(30 * time.Second)
	assert.Equal(t, later, moved.Now)
	assert.Equal(t, later, moved.Settle[0].Retry)
	assert.Equal(t, later, moved.Put[0].Due)
	assert.Equal(t, store.Entry{At: later, Doc: []byte(`{"at":"2030-01-01T00:00:30Z"}`)}, moved.Put[0].Entries[0])
	assert.Equal(t, later.Add(time.Second), moved.Tasks[0].Lease.Until)
	assert.JSONEq(t, `{"at":"2030-01-01T00:00:30.5+01:00"}`, string(moved.Tasks[0].Payload))
	assert.Equal(t, at, given.Put[0].Entries[0].At, "the engine's own stays")
	assert.Equal(t, at, lease.Until)
}

// TestPlans checks that the expected pages of a plan are those of its catalog, and that an order survives writing and
// reading.
func TestPlans(t *testing.T) {
	_, err := catalogOf(time.Minute).Compile()
	require.NoError(t, err)
	for number := range len(plans) {
		o := order{id: idOf(number, 1), verb: resolve, number: number, sent: 5}
		read, err := readOrder(o.String())
		require.NoError(t, err)
		assert.Equal(t, o, read)
		e := o.event(time.Second)
		assert.Equal(t, event.Resolve, e.Signal)
		assert.Equal(t, time.Unix(0, 5).Add(-time.Second), e.Time)
	}
}
