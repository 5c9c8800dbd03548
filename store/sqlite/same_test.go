package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// TestSameAsMemory runs one random history on a store in memory, and on a file that is reopened often, so that records
// are decoded from their documents. Incidents, alerts, groups, timelines and tasks must be equal.
func TestSameAsMemory(t *testing.T) {
	const steps = 300
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	source := catalog.Builtin([]event.Class{
		{Name: "pay.*", Service: "checkout", Owner: "shop", Severity: severity.Critical, StaleAfter: 40 * time.Minute},
		{Name: "disk.*", Service: "db", For: 2 * time.Minute},
	})
	source.Policies["default"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 5 * time.Minute}}}
	source.People = map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"sms:1"}}}
	source.Teams["shop"] = catalog.Team{Members: []escalate.PersonID{"ana"}}
	cat, err := source.Compile()
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "db")
	ram := memory.New()
	file, err := sqlite.Open(path)
	require.NoError(t, err)
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for n := range steps {
		now = now.Add(time.Duration(rnd.IntN(120_000)) * time.Millisecond)
		var inputs []respond.Input
		if rnd.IntN(10) == 0 {
			inputs = append(inputs, respond.Do{At: now, Command: respond.Acknowledge{
				ID: fmt.Sprint(n), By: "ana", Incident: "pay.stuck/checkout#1",
			}})
		} else {
			e := &event.Event{
				ID: fmt.Sprint(n), Type: []string{"pay.stuck", "pay.slow", "disk.full"}[rnd.IntN(3)], Intake: "app",
				Subject: fmt.Sprint(rnd.IntN(4)), Summary: fmt.Sprint("says ", rnd.IntN(3)), Time: now, Received: now,
				Labels: map[string]string{"n": fmt.Sprint(rnd.IntN(2))}, Data: map[string]any{"n": float64(rnd.IntN(2)), "list": []any{"a", nil}},
			}
			if rnd.IntN(3) == 0 {
				e.Signal = event.Resolve
			}
			inputs = append(inputs, respond.Events{respond.Assess(cat, e)})
		}
		for _, s := range []store.Store{ram, file} {
			decide(t, s, cat, now, inputs)
		}
		if n%20 == 0 {
			require.NoError(t, file.Close())
			file, err = sqlite.Open(path)
			require.NoError(t, err)
		}
	}
	require.Equal(t, everything(t, ram), everything(t, file), "seed %d", seed)
	require.NoError(t, file.Check(t.Context()))
	require.NoError(t, file.Close())
}

// decide commits inputs and advances due records, as an engine does.
func decide(t *testing.T, s store.Store, cat *catalog.Compiled, now time.Time, inputs []respond.Input) {
	t.Helper()
	claimed, err := s.Claim(t.Context(), store.ClaimRequest{Now: now})
	require.NoError(t, err)
	for _, k := range claimed.Due {
		inputs = append([]respond.Input{respond.Advance{Group: k, At: now}}, inputs...)
	}
	require.NoError(t, s.Update(t.Context(), respond.Scope(new(respond.Room), inputs, nil), func(v store.View) (store.Batch, store.Need, error) {
		d, need := respond.Decide(new(respond.Room), cat, v, inputs)
		if !need.Empty() {
			return store.Batch{}, need, nil
		}
		return d.Batch(now, nil, nil), store.Need{}, nil
	}))
}

// everything prints all records with their timelines, as documents, and all tasks.
func everything(t *testing.T, s store.Store) []string {
	t.Helper()
	var out []string
	for _, kind := range []string{
		respond.KindAlert, respond.KindGroup, respond.KindIncident, respond.KindPlan, respond.KindChange, "task",
	} {
		rows, err := s.Read(t.Context(), store.Query{Kind: kind, Timeline: true, Limit: 1_000_000})
		require.NoError(t, err)
		for _, r := range rows {
			if x, ok := r.Rec.(store.Task); ok {
				out = append(out, fmt.Sprintf("%+v", x))
				continue
			}
			doc, err := respond.Codec{}.Encode(kind, respond.Schema, r.Rec)
			require.NoError(t, err)
			out = append(out, fmt.Sprintf("%v %d %s", r.Key, r.Version, doc))
			for _, e := range r.Entries {
				out = append(out, fmt.Sprintf("%d %v %s %s", e.Seq, e.At, e.Kind, e.Doc))
			}
		}
	}
	require.Greater(t, len(out), 100)
	return out
}
