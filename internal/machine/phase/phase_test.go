package phase_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

var rules = phase.Recovery{Soak: 5 * time.Minute, Reopen: time.Hour}

// inputs are what a person can do, all at one instant.
var inputs = map[string]func(*phase.State, time.Time) error{
	"accept":   func(s *phase.State, _ time.Time) error { return s.Accept() },
	"decline":  (*phase.State).Decline,
	"cancel":   (*phase.State).Cancel,
	"proceed":  func(s *phase.State, _ time.Time) error { return s.Proceed(incident.Identified) },
	"mitigate": (*phase.State).Mitigate,
	"reopen":   func(s *phase.State, at time.Time) error { return s.Reopen(at, rules) },
	"resolve": func(s *phase.State, at time.Time) error {
		return s.Resolve(at, rules, incident.Said{By: "ana", Text: "it is"})
	},
	"close": func(s *phase.State, at time.Time) error { return s.Close(at, incident.Said{}) },
}

// in returns an incident that opened at noon with one alert, and has come to the phase a minute later.
func in(p incident.Phase) *phase.State {
	s := phase.Open(noon, p == incident.Triage || p == incident.Declined)
	s.Joined("disk")
	var err error
	switch at := minute(1); p {
	case incident.Monitoring:
		err = s.Mitigate(at)
	case incident.Resolved:
		s.End(at)
	case incident.Closed:
		s.End(at)
		err = s.Close(at, incident.Said{})
	case incident.Declined:
		err = s.Decline(at)
	case incident.Cancelled:
		err = s.Cancel(at)
	}
	if err != nil || s.Phase != p {
		panic(fmt.Sprint(p, s.Phase, err))
	}
	return &s
}

// TestInputs: what each input does in each phase. An input that is not in the row of a phase is refused and changes nothing.
func TestInputs(t *testing.T) {
	const already = "already"
	for p, row := range map[incident.Phase]map[string]string{
		incident.Triage:     {"accept": "active", "decline": "declined", "cancel": "cancelled", "mitigate": "monitoring", "resolve": "resolved"},
		incident.Active:     {"accept": already, "reopen": already, "proceed": "active", "cancel": "cancelled", "mitigate": "monitoring", "resolve": "resolved"},
		incident.Monitoring: {"mitigate": already, "cancel": "cancelled", "reopen": "active", "resolve": "resolved"},
		incident.Resolved:   {"resolve": already, "reopen": "active", "close": "closed"},
		incident.Closed:     {"close": already},
		incident.Declined:   {"decline": already},
		incident.Cancelled:  {"cancel": already},
	} {
		for name, input := range inputs {
			t.Run(string(p)+" "+name, func(t *testing.T) {
				s := in(p)
				before := *s
				err := input(s, minute(2))
				switch want := row[name]; want {
				case "":
					require.ErrorContains(t, err, "it is "+string(p)+", expected ")
					assert.Equal(t, before, *s)
				case already:
					require.ErrorIs(t, err, phase.ErrAlready)
					assert.Equal(t, before, *s)
				default:
					require.NoError(t, err)
					assert.Equal(t, want, string(s.Phase))
				}
			})
		}
	}
}

// TestReopenWindow: a resolved incident comes back until its reopen window ends, a closed one never.
func TestReopenWindow(t *testing.T) {
	s := in(incident.Resolved)
	assert.True(t, s.Reopens(minute(60), rules))
	assert.False(t, s.Reopens(minute(61), rules), "the window is over")
	require.ErrorContains(t, s.Reopen(minute(61), rules), "resolved 1h ago")
	require.NoError(t, s.Reopen(minute(60), rules))
	assert.Equal(t, []time.Time{minute(60)}, s.Reopened)
	assert.Zero(t, s.Resolved)
	assert.Zero(t, s.Mitigated)
	assert.False(t, in(incident.Closed).Reopens(minute(2), rules))
	assert.True(t, in(incident.Closed).Settled(minute(60), rules))
	assert.False(t, in(incident.Closed).Settled(minute(61), rules))
	assert.True(t, in(incident.Declined).Dismissed(minute(60), rules))
	assert.False(t, in(incident.Resolved).Dismissed(minute(2), rules), "it was an incident")
}

// TestVerified: an incident is verified if it was resolved with every gate open.
func TestVerified(t *testing.T) {
	soaked := func() *phase.State {
		s := phase.Open(noon, false)
		s.Joined("disk")
		s.AlertResolved("disk", false, minute(1), rules)
		return &s
	}
	s := soaked()
	require.ErrorContains(t, s.Resolve(minute(2), rules, incident.Said{}, "no update was sent"), "until 2026-03-02T12:06:00Z; no update was sent")
	require.NoError(t, s.Resolve(minute(2), rules, incident.Said{By: "ana", Text: "it is"}))
	assert.Zero(t, s.Verified, "an override verifies nothing")
	assert.Equal(t, "it is", s.Said.Text)

	s = soaked()
	require.NoError(t, s.Resolve(minute(6), rules, incident.Said{By: "ana", Text: "not needed"}))
	assert.Equal(t, minute(6), s.Verified)
	assert.Zero(t, s.Said, "nothing was overridden")

	s = soaked()
	s.Advance(minute(6), rules)
	assert.Equal(t, minute(6), s.Verified)

	s, asks := soaked(), rules
	asks.Confirm = true
	require.True(t, s.Advance(minute(6), asks))
	require.False(t, s.Advance(minute(6).Add(phase.Confirmation), asks))
	assert.Equal(t, incident.Resolved, s.Phase)
	assert.Zero(t, s.Verified, "nobody has confirmed it")
}

// TestCloseGate: what other parts say keeps an incident from being closed, unless a person waives it.
func TestCloseGate(t *testing.T) {
	s := in(incident.Resolved)
	require.EqualError(t, s.Close(minute(2), incident.Said{}, "a to-do is open", "no review"), "a to-do is open; no review")
	assert.Equal(t, incident.Resolved, s.Phase)
	require.NoError(t, s.Close(minute(2), incident.Said{By: "ana", Text: "it was a drill"}, "a to-do is open"))
	assert.Equal(t, "it was a drill", s.Waived.Text)
	open := in(incident.Resolved)
	require.NoError(t, open.Close(minute(2), incident.Said{By: "ana", Text: "not needed"}))
	assert.Zero(t, open.Waived)
}

// TestForwardOnly: over any history every input has an answer in every phase, phases go forward but for relapse and reopen, and the
// instants are in order.
func TestForwardOnly(t *testing.T) {
	rank := map[incident.Phase]int{}
	for i, p := range incident.Phases() {
		rank[p] = i
	}
	names := []string{"accept", "decline", "cancel", "proceed", "mitigate", "reopen", "resolve", "close", "ends", "fires", "due", "amend"}
	rapid.Check(t, func(rt *rapid.T) {
		r := phase.Recovery{
			On:   rapid.SampledFrom([]incident.ResolveOn{incident.OnAll, incident.OnLast, incident.OnNever}).Draw(rt, "on"),
			Soak: 5 * time.Minute, Reopen: time.Hour, Confirm: rapid.Bool().Draw(rt, "confirm"),
		}
		s, at, fires := phase.Open(noon, rapid.Bool().Draw(rt, "triage")), noon, true
		s.Joined("disk")
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "minutes")) * time.Minute)
			was, name := s, rapid.SampledFrom(names).Draw(rt, "input")
			back := name == "reopen"
			switch name {
			case "ends":
				if fires {
					s.AlertResolved("disk", false, at, r)
				}
				fires = false
			case "fires":
				if !fires && s.Reopens(at, r) {
					s.FiresAgain()
					s.Revive(at)
					fires, back = true, true
				}
			case "due":
				if due, ok := s.Due(r); ok && !due.After(at) {
					s.Advance(at, r)
				}
			case "amend":
				moment := rapid.SampledFrom([]incident.Moment{incident.ImpactStarted, incident.DetectedAt, incident.MitigatedAt}).Draw(rt, "moment")
				_ = s.Amend(moment, noon.Add(time.Duration(rapid.IntRange(-90, 90).Draw(rt, "to"))*time.Minute), at)
			default:
				if err := inputs[name](&s, at); err != nil && !errors.Is(err, phase.ErrAlready) {
					require.Equal(rt, was, s, "%s is refused: %v", name, err)
				}
			}
			require.Contains(rt, rank, s.Phase)
			require.True(rt, back || rank[s.Phase] >= rank[was.Phase], "%s: from %s to %s", name, was.Phase, s.Phase)
			require.Equal(rt, s.Phase == incident.Active, s.Step != "", "%s: step %q of %s", name, s.Step, s.Phase)
			require.Equal(rt, s.Phase.Over(), !s.Over().IsZero(), "%s in %s", name, s.Phase)
			ordered(rt, &s, at)
		}
	})
}

func ordered(rt *rapid.T, s *phase.State, now time.Time) {
	var last time.Time
	for _, at := range []time.Time{s.Began, s.Mitigated, s.Resolved, s.Closed, now} {
		if !at.IsZero() {
			require.False(rt, at.Before(last), "%+v at %v", s, now)
			last = at
		}
	}
}
