package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
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
	tiny := size{idle: 4 * every, load: 300 * time.Millisecond, most: 2 * time.Second, grace: 20 * time.Second, share: 300}
	stores := []string{"memory", "sqlite"}
	if testing.Short() {
		stores = stores[:1]
	}
	var out bytes.Buffer
	o := options{scenarios: "all", stores: strings.Join(stores, ","), seed: 1, size: tiny, out: &out}
	err := o.run(t.Context())
	var late *failedError
	if !errors.As(err, &late) { // the machine may be busy
		require.NoError(t, err)
	}
	lines := map[string]*line{}
	for all := json.NewDecoder(&out); ; {
		l := new(line)
		if err := all.Decode(l); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		lines[l.Scenario+" "+l.Store] = l
	}
	require.Len(t, lines, len(names())*len(stores))
	for name, l := range lines {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, 4, l.Idle.Kept.N+l.Idle.Fresh.N)
			assert.Positive(t, l.Load.Kept.N)
			assert.Positive(t, l.Load.Fresh.N)
			assert.Zero(t, l.Unanswered, "P1s without an answer")
			assert.Zero(t, l.Unpaged, "P1s without a page")
			assert.Positive(t, l.Sent.Connections+l.Sent.Offered, "no load")
			if l.Restarted != nil {
				assert.True(t, *l.Restarted, "the server does not start again")
			}
		})
	}
	assert.Positive(t, lines["flood memory"].Refused["unauthorized"])
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
