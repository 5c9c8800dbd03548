package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// lockedBuffer is a buffer for concurrent writers.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestEngineShowsNoSecrets makes every adapter fail in every way inside an engine. No canary may appear in the log, the
// timeline, the explanation or the incident.
func TestEngineShowsNoSecrets(t *testing.T) {
	looked := 0
	for _, a := range secretive {
		for _, f := range failures(t) {
			n := a.make(f.base, f.client)
			text := engineText(t, notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
				if f.ctx.Err() != nil {
					ctx = f.ctx
				}
				receipt, err := n.Notify(ctx, m)
				return receipt, notify.Permanent(err) // no retry, so that the error stands in the timeline
			}))
			looked++
			if before, _, found := strings.Cut(text, canary); found {
				t.Errorf("%s, %s: a canary after %q", a.name, f.name, before[max(len(before)-200, 0):])
			}
		}
	}
	t.Logf("%d failures inside an engine looked at", looked)
}

// engineText lets an engine send one message and returns all visible text about it.
func engineText(t *testing.T, n notify.Notifier) string {
	t.Helper()
	var out lockedBuffer
	stuck := event.Class{Name: "payments.payout.stuck", Severity: severity.Critical}
	bell, err := tocsin.New(&tocsin.Config{
		Service: "payments", Classes: []event.Class{stuck}, Notifier: n,
		Logger: slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	defer func() {
		stop()
		<-done
	}()
	require.NoError(t, bell.Submit(ctx, stuck.Trigger("payout waits")))
	var seen string
	require.Eventually(t, func() bool {
		seen = seenOf(t, bell)
		return strings.Contains(seen, "failed") && strings.Contains(out.String(), "a message was not sent")
	}, 10*time.Second, time.Millisecond, "the timeline tells that it failed")
	stop()
	<-done
	done <- nil
	return out.String() + seen + seenOf(t, bell)
}

// seenOf returns all visible text about the engine's incidents, including the finding about the message.
func seenOf(t *testing.T, bell *tocsin.Engine) string {
	t.Helper()
	var out strings.Builder
	list, err := bell.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	for _, inc := range list {
		entries, err := bell.Timeline(t.Context(), inc.ID)
		require.NoError(t, err)
		for i := range entries {
			fmt.Fprintf(&out, "%s\n%+v\n", entries[i].Line(inc.Detected), entries[i])
		}
		explained, err := bell.Explain(t.Context(), inc.ID)
		require.NoError(t, err)
		fmt.Fprintln(&out, explained)
		require.NoError(t, json.NewEncoder(&out).Encode(inc))
		require.NoError(t, json.NewEncoder(&out).Encode(entries))
	}
	return out.String()
}
