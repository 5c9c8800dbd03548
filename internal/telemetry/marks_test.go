package telemetry_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/internal/telemetry"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// rig decides over a store in memory, and lets a Telemetry see what was committed.
type rig struct {
	t      *testing.T
	core   *core.Core
	cat    *catalog.Compiled
	kept   *memory.Store
	now    time.Time
	counts *meters.Provider
	tel    *telemetry.Telemetry
}

func newRig(t *testing.T) *rig {
	t.Helper()
	c := catalog.Builtin([]event.Class{{Name: "disk.full", Plan: "loud"}, {Name: "disk.slow"}})
	c.People = map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"default:ana"}}}
	c.Policies["loud"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}}}, Repeat: new(0)}
	c.Plans["loud"] = catalog.Plan{Policy: "loud", Soak: new(time.Duration)}
	cat, err := c.Compile()
	require.NoError(t, err)
	r := &rig{t: t, core: core.New(), cat: cat, kept: memory.New(), now: noon, counts: meters.New()}
	r.tel, err = telemetry.New(r.counts, noop.Tracer{})
	require.NoError(t, err)
	return r
}

func (r *rig) decide(inputs ...core.Input) {
	r.t.Helper()
	var wrote []telemetry.Changed
	scratch := new(core.Scratch)
	err := r.kept.Update(r.t.Context(), r.core.Scope(scratch, inputs, nil), func(v store.View) (store.Batch, store.Need, error) {
		d, need := r.core.Decide(scratch, r.cat, v, inputs)
		if !need.Empty() {
			return store.Batch{}, need, nil
		}
		for _, err := range d.Refused {
			require.NoError(r.t, err)
		}
		wrote = telemetry.ChangedBy(&d, v)
		return d.Batch(r.now, nil, nil), store.Need{}, nil
	})
	require.NoError(r.t, err)
	r.tel.Committed(r.t.Context(), wrote, r.cat)
	r.tel.Trace(r.t.Context(), wrote)
}

func (r *rig) event(typ string, signal event.Signal, level severity.Level) {
	r.t.Helper()
	e := &event.Event{Type: typ, Signal: signal, Severity: level, Summary: "disk full", Intake: "app", Time: r.now, Received: r.now}
	r.decide(core.Events{core.Assess(r.cat, e)})
}

func (r *rig) do(c respond.Command) {
	r.t.Helper()
	r.decide(core.Do{At: r.now, Command: c})
}

// pass lets time pass, and what is due happen.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	for r.now = r.now.Add(d); ; {
		claimed, err := r.kept.Claim(r.t.Context(), store.ClaimRequest{Now: r.now, Owner: "test", Limit: 100, LeaseFor: time.Minute})
		require.NoError(r.t, err)
		if len(claimed.Due) == 0 {
			return
		}
		for _, k := range claimed.Due {
			r.decide(core.Advance{At: r.now, Key: k})
		}
	}
}

// TestEveryMark lives through everything that can become of an incident, and demands that each step is counted.
func TestEveryMark(t *testing.T) {
	r := newRig(t)
	id := core.IncidentID("", "loud/default/disk.full//", 1)
	r.event("disk.slow", event.Trigger, severity.Error) // informed
	r.event("disk.full", event.Trigger, severity.Error)
	r.pass(time.Minute)
	r.do(respond.Acknowledge{Incident: id, By: "ana"})
	r.do(respond.Unacknowledge{Incident: id, By: "ana"})
	r.do(respond.Reprioritise{Incident: id, By: "ana", Priority: severity.P1, Because: "all disks"}) // alarms again
	r.pass(time.Hour)                                                                                // exhausted
	r.event("disk.full", event.Resolve, 0)
	r.event("disk.full", event.Trigger, severity.Error) // relapsed
	r.event("disk.full", event.Resolve, 0)
	r.do(respond.Resolve{Incident: id, By: "ana"})
	r.event("disk.full", event.Trigger, severity.Error) // reopened
	for _, to := range []string{
		"open", "monitor", "relapse", "reopen", "resolve", "reprioritise", "escalate", "alarm", "exhaust", "inform", "acknowledge", "unacknowledge",
	} {
		n := r.counts.Count("tocsin.incident.transitions", "to", to)
		t.Logf("%-14s %d", to, n)
		assert.Positive(t, n, "no step is counted as %q", to)
	}
	assert.Positive(t, r.counts.Count("tocsin.escalation.levels", "policy", "loud", "level", "1"))
	assert.EqualValues(t, 1, r.counts.Count("tocsin.incident.acknowledge.duration"))
	assert.EqualValues(t, 2, r.counts.Count("tocsin.incident.resolve.duration"), "the incident, and the finding that it was exhausted")
}

// TestMarkMutants deletes one mark after the other from the table of words and demands that TestEveryMark turns red: the first two,
// all of them with TOCSIN_LONG=1.
func TestMarkMutants(t *testing.T) {
	table, err := filepath.Abs("../../incident/words.go")
	require.NoError(t, err)
	source, err := os.ReadFile(table)
	require.NoError(t, err)
	marks := regexp.MustCompile(`counts: "(\w+)"(, )?`).FindAllSubmatchIndex(source, -1)
	tried := marks
	if os.Getenv("TOCSIN_LONG") != "1" {
		tried = marks[:2]
	}
	t.Logf("%d of %d marks", len(tried), len(marks))
	require.Greater(t, len(marks), 10)
	for _, m := range tried {
		t.Run(string(source[m[2]:m[3]]), func(t *testing.T) {
			dir := t.TempDir()
			mutant, overlay := filepath.Join(dir, "words.go"), filepath.Join(dir, "overlay.json")
			require.NoError(t, os.WriteFile(mutant, bytes.Join([][]byte{source[:m[0]], source[m[1]:]}, nil), 0o600))
			list, err := json.Marshal(map[string]map[string]string{"Replace": {table: mutant}})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(overlay, list, 0o600))
			out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", overlay, "-run", "^TestEveryMark$", ".").CombinedOutput()
			require.Error(t, err, "survived")
			assert.Contains(t, string(out), "--- FAIL: TestEveryMark")
		})
	}
}
