package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/integration/internal/stage"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// hub is a process that is killed and started anew.
type hub struct {
	t    *testing.T
	file string
	addr string
	env  []string
	cmd  *exec.Cmd
}

func newHub(t *testing.T, pager string) *hub {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &hub{t: t, file: filepath.Join(t.TempDir(), "db"), addr: free.Addr().String()}
	require.NoError(t, free.Close())
	h.env = append(os.Environ(), envAddr+"="+h.addr, envFile+"="+h.file, envPager+"="+pager)
	t.Cleanup(h.kill)
	return h
}

// start begins a life of the hub, and waits until it is well.
func (h *hub) start() {
	h.t.Helper()
	h.cmd = exec.Command(os.Args[0])
	var log bytes.Buffer
	h.cmd.Env, h.cmd.Stderr = h.env, &log
	require.NoError(h.t, h.cmd.Start())
	for end := time.Now().Add(20 * time.Second); h.ask("GET", "/health", "") >= 300; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			h.kill()
			h.t.Fatalf("the hub does not answer:\n%s", &log)
		}
	}
}

func (h *hub) kill() {
	if h.cmd != nil {
		_ = h.cmd.Process.Kill()
		_ = h.cmd.Wait()
	}
}

// ask returns the status of the answer; 1,000: there was none.
func (h *hub) ask(method, path, body string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+h.addr+path, strings.NewReader(body))
	require.NoError(h.t, err)
	r.Header.Set("Content-Type", "application/cloudevents+json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 1_000
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// traffic sends events, acknowledgements and resolves until ctx ends, each until the hub has answered for it.
func (h *hub) traffic(ctx context.Context, rng *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		of := fmt.Sprintf("shop.%d", rng.IntN(6))
		method, path, body := "POST", "", ""
		switch rng.IntN(10) {
		case 0, 1:
			path = fmt.Sprintf("/acknowledge?id=%s/shop%%23%d&by=p%d", of, 1+rng.IntN(2), n)
		case 2:
			path = fmt.Sprintf("/resolve?id=%s/shop%%23%d&by=p%d", of, 1+rng.IntN(2), n)
		default:
			path = "/events"
			signal := []string{"trigger", "trigger", "resolve"}[rng.IntN(3)]
			body = fmt.Sprintf(`{"specversion": "1.0", "id": "%d", "source": "test", "type": "%s", "subject": "%d", "severity": "critical", "signal": "%s"}`,
				n, of, rng.IntN(3), signal)
		}
		for h.ask(method, path, body) >= 500 && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
	}
}

// TestHubReplay kills a hub again and again while events and commands come in over HTTP and its pager fails every now and
// then: the input log that is in its file gives the timelines that are in it, word for word.
func TestHubReplay(t *testing.T) {
	var pages atomic.Int64
	pager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch pages.Add(1) % 5 {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			w.WriteHeader(http.StatusGone)
		}
	}))
	defer pager.Close()
	defer http.DefaultClient.CloseIdleConnections()
	h, seed, kills := newHub(t, pager.URL), rand.Uint64(), sized(3, 100)
	rng := rand.New(rand.NewPCG(seed, 7))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	h.start()
	go func() {
		defer close(ended)
		h.traffic(ctx, rand.New(rand.NewPCG(seed, 8)))
	}()
	for range kills {
		time.Sleep(time.Duration(100+rng.IntN(700)) * time.Millisecond)
		h.kill()
		h.start()
	}
	time.Sleep(time.Second)
	stop()
	<-ended
	require.NoError(t, h.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, h.cmd.Wait())

	kept, err := sqlite.Open(h.file)
	require.NoError(t, err)
	defer kept.Close()
	c, err := hasty()
	require.NoError(t, err)
	again, err := sim.Replay(t.Context(), c, kept)
	require.NoError(t, err)
	got := make(map[string][]string)
	for _, e := range again.Entries() {
		got[e.Of] = append(got[e.Of], stage.Text(&e.Entry))
	}
	lines, kinds := 0, make(map[incident.EntryKind]int)
	for _, kind := range []string{respond.KindIncident, respond.KindAlert} {
		for _, row := range stage.Rows(t, kept, store.Query{Kind: kind, Timeline: true}) {
			var want []string
			for _, e := range stage.Lines(t, row.Entries) {
				want = append(want, stage.Text(&e))
				kinds[e.Kind]++
			}
			require.Equal(t, want, got[respond.ID(row.Key)], "seed %d: %v", seed, row.Key)
			lines += len(want)
			delete(got, respond.ID(row.Key))
		}
	}
	assert.Empty(t, got, "seed %d: the replay makes nothing up", seed)
	assert.Greater(t, kinds[incident.KindPage], 10)
	assert.Positive(t, kinds[incident.KindAck])
	t.Logf("seed %d: %d kills, %d lines, of which %v, word for word; %d requests to the pager", seed, kills, lines, kinds, pages.Load())
}
