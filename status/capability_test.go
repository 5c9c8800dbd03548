package status

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/severity"
)

var noon = time.Date(2026, 8, 19, 12, 0, 0, 0, time.UTC)

// business buys by checkout and payments, which need ledger and through it db; nobody needs wiki.
func business() *catalog.Catalog {
	return &catalog.Catalog{
		Services: map[string]catalog.Service{
			"checkout": {Needs: []string{"payments"}}, "payments": {Needs: []string{"ledger"}}, "ledger": {Needs: []string{"db"}}, "db": {}, "wiki": {},
		},
		Capabilities: map[string]catalog.Capability{
			"buying": {Title: "Buying", Services: []string{"checkout", "payments"}, Owner: "shop"}, "reading": {Services: []string{"wiki"}},
		},
	}
}

// open is an incident that began some minutes before noon.
func open(service string, state State, p severity.Priority, minutes int) Incident {
	i := Incident{ID: service + string(state), Title: "Title of " + service, Service: service, Priority: p, State: state, Since: noon.Add(-time.Duration(minutes) * time.Minute)}
	if state == Held {
		i.Holders = []string{"ana"}
	}
	if state == Watched {
		i.Recovered = noon.Add(-time.Minute)
	}
	return i
}

// TestRollUp: a capability stands as the worst of its services and of what these need. The cases are in the order of the ranks: each state
// wins over all below it, whatever their priorities.
func TestRollUp(t *testing.T) {
	for _, tt := range []struct {
		name  string
		open  []Incident
		fault string
		state State
		says  string
	}{
		{"nothing", nil, "", stateQuiet, "nothing is open."},
		{"another's incident", []Incident{open("wiki", Unheld, severity.P1, 4)}, "", stateQuiet, "nothing is open."},
		{"an incident of no service", []Incident{open("", Unheld, severity.P1, 4)}, "", stateQuiet, "nothing is open."},
		{"informed over quiet", []Incident{open("checkout", Informed, severity.P4, 4)}, "", Informed, "checkout has a P4 for information."},
		{
			"watched over informed",
			[]Incident{open("checkout", Informed, severity.P1, 9), open("payments", Watched, severity.P4, 4)},
			"", Watched,
			"payments had a P4, recovered at 11:59 and is watched; one more is open.",
		},
		{
			"held over watched",
			[]Incident{open("checkout", Watched, severity.P1, 9), open("payments", Held, severity.P3, 4)},
			"", Held,
			"payments has a P3 for 4 min, and somebody has it; one more is open.",
		},
		{
			"unheld over held",
			[]Incident{open("checkout", Held, severity.P1, 9), open("payments", Unheld, severity.P3, 4)},
			"", Unheld,
			"payments has a P3 for 4 min, and nobody has it; one more is open.",
		},
		{
			"unknown over unheld",
			[]Incident{open("checkout", Unheld, severity.P1, 4)},
			"the store does not answer", stateUnknown,
			"we cannot say. At 11:58:20: checkout has a P1 for 4 min, and nobody has it.",
		},
		{"unknown over quiet", nil, "the store does not answer", stateUnknown, "we cannot say. At 11:58:20: nothing is open."},
		{
			"the priority among the unheld",
			[]Incident{open("checkout", Unheld, severity.P2, 9), open("payments", Unheld, severity.P1, 1), open("checkout", Unheld, severity.P3, 20)},
			"", Unheld,
			"payments has a P1 for 60 s, and nobody has it; two more are open.",
		},
		{
			"the oldest of one priority",
			[]Incident{open("checkout", Unheld, severity.P2, 5), open("payments", Unheld, severity.P2, 9)},
			"", Unheld,
			"payments has a P2 for 9 min, and nobody has it; one more is open.",
		},
		{"what a service needs", []Incident{open("ledger", Unheld, severity.P1, 4)}, "", Unheld, "ledger, which checkout needs, has a P1 for 4 min, and nobody has it."},
		{"what that needs in turn", []Incident{open("db", Held, severity.P2, 4)}, "", Held, "db, which checkout needs, has a P2 for 4 min, and somebody has it."},
		{
			"a need over an own service that somebody has",
			[]Incident{open("checkout", Held, severity.P1, 4), open("db", Unheld, severity.P4, 4)},
			"", Unheld,
			"db, which checkout needs, has a P4 for 4 min, and nobody has it; one more is open.",
		},
		{"one that is the capability's own and needed", []Incident{open("payments", Unheld, severity.P1, 4)}, "", Unheld, "payments has a P1 for 4 min, and nobody has it."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Snapshot{Now: noon, AsOf: noon.Add(-100 * time.Second), Open: tt.open, Fault: tt.fault}
			all := rollUp(business(), &s)
			require.Len(t, all, 2)
			assert.Equal(t, "Buying", all[0].Title)
			assert.Equal(t, "reading", all[1].Title)
			assert.Equal(t, tt.state, all[0].State)
			assert.Equal(t, tt.says, all[0].says(&s))
		})
	}
	assert.Empty(t, rollUp(&catalog.Catalog{}, &Snapshot{Open: []Incident{open("checkout", Unheld, severity.P1, 4)}}))
}

// TestRollUpParts: each service stands once, with what it is needed for.
func TestRollUpParts(t *testing.T) {
	c := rollUp(business(), &Snapshot{Now: noon, Open: []Incident{open("db", Held, severity.P2, 4), open("db", Unheld, severity.P3, 4)}})[0]
	var parts [][2]string
	for _, p := range c.Parts {
		parts = append(parts, [2]string{p.Service, p.For})
	}
	assert.Equal(t, [][2]string{{"checkout", ""}, {"payments", ""}, {"ledger", "checkout"}, {"db", "checkout"}}, parts)
	assert.Equal(t, 2, c.Open)
	assert.Equal(t, severity.P3, c.Worst.Worst.Priority)
}

// TestRollUpOrder: the order of the incidents does not matter, and one more makes nothing better.
func TestRollUpOrder(t *testing.T) {
	source := business()
	order := []State{stateUnknown, Unheld, Held, Watched, Informed, stateQuiet}
	at := func(s State) (n int) {
		for n = range order {
			if order[n] == s {
				break
			}
		}
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Incident {
			i := open(rapid.SampledFrom([]string{"checkout", "payments", "ledger", "db", "wiki", ""}).Draw(t, "service"),
				rapid.SampledFrom([]State{Unheld, Held, Watched, Informed}).Draw(t, "state"),
				severity.Priority(rapid.IntRange(1, 5).Draw(t, "priority")), rapid.IntRange(0, 9).Draw(t, "minutes"))
			i.ID = rapid.StringMatching("[a-z]{8}").Draw(t, "id")
			return i
		}), 1, 12).Draw(t, "open")
		s := Snapshot{Now: noon, Open: all}
		whole := rollUp(source, &s)
		mixed := Snapshot{Now: noon, Open: rapid.Permutation(all).Draw(t, "mixed")}
		fewer := Snapshot{Now: noon, Open: all[1:]}
		for k, c := range rollUp(source, &mixed) {
			require.Equal(t, whole[k].says(&s), c.says(&mixed))
		}
		for k, c := range rollUp(source, &fewer) {
			require.GreaterOrEqual(t, at(c.State), at(whole[k].State))
		}
	})
}
