package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain also runs the child processes: the binary starts itself with a role.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-role" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestSiege runs every scenario in a small form. It checks that each has its line, that every P1 was accepted and paged, and
// that the loads reached the server. The times are the command's.
func TestSiege(t *testing.T) {
	for _, kept := range []string{"memory", "sqlite"} {
		t.Run(kept, func(t *testing.T) {
			t.Parallel()
			if kept == "sqlite" && testing.Short() {
				t.Skip("SKIPPED, not tested with -short: a server with SQLite under siege")
			}
			lines := tiny(t, kept)
			require.Len(t, lines, len(names()))
			for name, l := range lines {
				assert.Equal(t, 4, l.Idle.Kept.N+l.Idle.Fresh.N, name)
				assert.Positive(t, l.Load.Kept.N, name)
				assert.Positive(t, l.Load.Fresh.N, name)
				assert.Zero(t, l.Unanswered, "%s: P1s without an answer", name)
				assert.Zero(t, l.Unpaged, "%s: P1s without a page", name)
				assert.Positive(t, l.Sent.Connections+l.Sent.Offered, "%s: no load", name)
				assert.Equal(t, kept == "sqlite", l.Restarted != nil && *l.Restarted, "%s: whether it starts again", name)
			}
			assert.Positive(t, lines["flood"].Refused["unauthorized"])
		})
	}
}

// tiny returns the lines of a run by scenario.
func tiny(t *testing.T, kept string) map[string]*line {
	var out bytes.Buffer
	o := options{scenarios: "all", stores: kept, seed: 1, out: &out, size: size{
		idle: 4 * every, load: 300 * time.Millisecond, most: 2 * time.Second, grace: 20 * time.Second, share: 300,
	}}
	err := o.run(t.Context())
	var late *failedError
	if !errors.As(err, &late) { // the machine may be busy
		require.NoError(t, err)
	}
	lines := map[string]*line{}
	for all := json.NewDecoder(&out); all.More(); {
		l := new(line)
		require.NoError(t, all.Decode(l))
		lines[l.Scenario] = l
	}
	return lines
}

// TestJudge: a line fails for one reason at a time.
func TestJudge(t *testing.T) {
	good := func() *line {
		same := phase{latencies{Page99: 2}, latencies{Page99: 3}}
		return &line{Store: "memory", Idle: same, Load: same}
	}
	no := false
	for _, c := range []struct {
		name   string
		change func(*line)
		why    string
	}{
		{"nothing", func(*line) {}, ""},
		{"within 100 ms", func(l *line) { l.Load.Kept.Page99 = 100 }, ""},
		{"later", func(l *line) { l.Load.Kept.Page99 = 101 }, "page p99 101 ms over a kept connection"},
		{"within 300 ms", func(l *line) { l.Store, l.Load.Fresh.Page99 = "sqlite", 300 }, ""},
		{"within ten times", func(l *line) { l.Idle.Fresh.Page99, l.Load.Fresh.Page99 = 40, 400 }, ""},
		{"beyond", func(l *line) { l.Idle.Fresh.Page99, l.Load.Fresh.Page99 = 40, 401 }, "page p99 401 ms over a fresh connection"},
		{"refused for ever", func(l *line) { l.Unanswered = 1 }, "1 P1s without an answer, 0 without a page"},
		{"never paged", func(l *line) { l.Unpaged = 2 }, "0 P1s without an answer, 2 without a page"},
		{"no restart", func(l *line) { l.Restarted = &no }, "does not start again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := good()
			c.change(l)
			l.judge()
			assert.Equal(t, c.why, l.Why)
			assert.Equal(t, c.why == "", l.Pass)
		})
	}
}

func TestQuantile(t *testing.T) {
	var all []time.Duration
	for i := range 200 {
		all = append(all, time.Duration(200-i)*time.Millisecond)
	}
	assert.Equal(t, 100.0, quantile(all, .5))
	assert.Equal(t, 198.0, quantile(all, .99))
	assert.Equal(t, 0.0, quantile(nil, .99))
}

// TestTheCatalogCompiles: each bomb is for an intake that there is.
func TestTheCatalogCompiles(t *testing.T) {
	_, err := besieged().Compile()
	require.NoError(t, err)
	for _, b := range bombs() {
		assert.Contains(t, []string{"alertmanager", "cloudevents"}, b.intake, b.name)
		assert.LessOrEqual(t, len(b.body), 17<<20+1024, b.name)
	}
}
