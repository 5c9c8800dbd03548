package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// hasty is a catalog whose levels wait one second.
const hasty = `
version: 1
defaults: {owner: platform, plan: standard}
people:
  ana: {contacts: [pager:ana, mail:ana]}
  ben: {contacts: [pager:ben]}
teams:
  platform: {members: [ana], lead: ben}
services:
  shop: {owner: platform, tier: 1}
classes:
  shop.*: {service: shop}
plans:
  standard: {policy: standard, soak: 1s}
policies:
  standard:
    levels:
      - {page: [owner],      wait: 1s}
      - {page: [owner.lead], wait: 1s}
    repeat: 3
`

// flaky is a pager with random temporary and permanent failures.
func flaky(t *testing.T) (url string, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	pager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) % 5 {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			w.WriteHeader(http.StatusGone)
		}
	}))
	t.Cleanup(pager.Close)
	return pager.URL, asked
}

// traffic sends events, acknowledgements and resolves until ctx ends. It repeats each request until the hub accepts it.
func (p *process) traffic(ctx context.Context, rng *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		of, who, path, body := fmt.Sprintf("shop.%d", rng.IntN(6)), "token", "", "{}"
		about := "/api/v1/incidents/" + core.IncidentID("", "standard/platform/"+of+"/shop", 1+rng.IntN(2))
		switch rng.IntN(10) {
		case 0, 1:
			who, path = []string{"ana:secret", "ben:word"}[n%2], about+"/acknowledge"
		case 2:
			path, body = about+"/resolve", `{"alerts":true,"override":"over"}`
		default:
			path = "/intake/cloudevents"
			signal := []string{"trigger", "trigger", "resolve"}[rng.IntN(3)]
			body = fmt.Sprintf(`{"specversion": "1.0", "id": "%d", "source": "test", "type": "%s", "subject": "%d", "severity": "critical", "signal": "%s"}`,
				n, of, rng.IntN(3), signal)
		}
		for p.ask("POST", path, who, body) >= 500 && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
	}
}

// TestReplay kills the hub's binary repeatedly while events and commands come in and the pager fails at random. Afterwards a
// replay of the stored input log must give exactly the stored timelines. With TOCSIN_LONG=1 it kills the hub 100 times.
func TestReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, not tested with -short: a hub that is killed")
	}
	kills, long := 3, os.Getenv("TOCSIN_LONG") == "1"
	if long {
		kills = 100
	}
	dir, seed := t.TempDir(), rand.Uint64()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "catalog.yaml"), []byte(hasty), 0o600))
	url, asked := flaky(t)
	p := build(t, dir, filepath.Join(dir, "db"), url)
	p.start()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.traffic(ctx, rand.New(rand.NewPCG(seed, 8)))
	}()
	rng := rand.New(rand.NewPCG(seed, 7))
	for range kills {
		time.Sleep(time.Duration(100+rng.IntN(400)) * time.Millisecond)
		p.kill()
		p.start()
	}
	time.Sleep(500 * time.Millisecond)
	stop()
	<-ended
	if long { // an idle connection must not make the exit a failure
		silent, err := net.Dial("tcp", p.addr)
		require.NoError(t, err)
		defer silent.Close()
	}
	p.end()

	kept, err := sqlite.Open(filepath.Join(dir, "db"))
	require.NoError(t, err)
	defer kept.Close()
	want, kinds := timelines(t, kept)
	got := replayed(t, kept, dir)
	for id := range want {
		require.Equal(t, want[id], got[id], "seed %d: %s", seed, id)
	}
	require.Len(t, got, len(want), "seed %d: the replay makes nothing up", seed)
	assert.Positive(t, kinds[incident.KindPage])
	assert.Positive(t, kinds[incident.KindAck])
	t.Logf("seed %d: %d kills, %d timelines of %v, word for word; %d requests to the pager", seed, kills, len(want), kinds, asked.Load())
}

// timelines returns the timelines of all incidents and alerts in a store, by id, and the number of entries.
func timelines(t *testing.T, kept store.Store) (map[string][]string, map[incident.EntryKind]int) {
	all, kinds := make(map[string][]string), make(map[incident.EntryKind]int)
	for _, kind := range []string{core.KindIncident, core.KindAlert} {
		rows, err := kept.Read(t.Context(), store.Query{Kind: kind, Timeline: true, Limit: 1_000})
		require.NoError(t, err)
		require.Less(t, len(rows), 1_000, "there may be more")
		for _, row := range rows {
			for _, entry := range row.Entries {
				var e incident.Entry
				require.NoError(t, json.Unmarshal(entry.Doc, &e))
				all[core.ID(row.Key)] = append(all[core.ID(row.Key)], text(&e))
				kinds[e.Word.Kind()]++
			}
		}
	}
	return all, kinds
}

// replayed returns the timelines from a replay of the input log, by id.
func replayed(t *testing.T, kept store.Store, folder string) map[string][]string {
	c, err := catalog.Load(os.DirFS(folder))
	require.NoError(t, err)
	again, err := sim.Replay(t.Context(), c, kept)
	require.NoError(t, err)
	all := make(map[string][]string)
	for _, e := range again.Entries() {
		all[e.About] = append(all[e.About], text(&e.Entry))
	}
	return all
}

// text returns a timeline entry with all its fields.
func text(e *incident.Entry) string {
	return fmt.Sprintf("%d %s %s %s", e.Seq, e.At.UTC().Format(time.RFC3339Nano), e.Word.Kind(), e.Line(e.At))
}
