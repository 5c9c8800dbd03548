package status_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/notify"
	notifylog "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestNoTokenIsKept: nothing that stays has a token: not the log, the log notifier, the store with its timelines, tasks, dead letters and
// input log, the traces, not even where a notifier quotes the message in its error.
func TestNoTokenIsKept(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  func(notify.Message) error
	}{
		{"accepted", func(notify.Message) error { return nil }},
		{"a temporary error with the message", func(m notify.Message) error { return fmt.Errorf("cannot send %+v", m) }},
		{"a permanent error with the link", func(m notify.Message) error { return notify.Permanent(errors.New("refused: " + m.Ack)) }},
		{"a pause, and the message as JSON", func(m notify.Message) error {
			doc, _ := json.Marshal(m)
			return notify.RetryAfter(errors.New(string(doc)), time.Minute)
		}},
		{"a panic with the link", func(m notify.Message) error { panic(m.Ack) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged bytes.Buffer
				kept, spans := &linkStore{Store: memory.New()}, &linkTraces{}
				logger := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
				tokens := 0
				h := startLinks(t, func(c *tocsin.Config) {
					c.Store, c.Logger, c.TracerProvider = kept, logger, spans
					c.Catalog.People["ana"] = catalog.Person{Contacts: []escalate.Contact{"slack:@ana", "log:ana"}}
					inner := c.Notifiers["slack"]
					c.Notifiers = map[string]notify.Notifier{
						"log": &notifylog.Notifier{Logger: logger},
						"slack": notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
							_, _ = inner.Notify(ctx, m)
							if m.Ack != "" {
								tokens++
							}
							for i := range m.Pages {
								assert.NotEmpty(t, m.Pages[i].Ack, "each page has its own")
							}
							return notify.Receipt{}, tt.err(m)
						}),
					}
				})
				for i := range 8 { // so many that some leave together
					ev := checkoutDown()
					ev.Subject = fmt.Sprint(i)
					require.NoError(t, h.Submit(t.Context(), ev))
				}
				passTime(10 * time.Minute)
				require.Positive(t, tokens, "the notifier had them")
				link := h.link(t, "ben")
				h.ask(http.MethodGet, link)
				h.ask(http.MethodPost, link)
				h.ask(http.MethodPost, link[:len(link)-3])
				passTime(time.Hour)
				for letter, err := range h.DeadLetters(t.Context(), "") {
					require.NoError(t, err)
					doc, err := json.Marshal(letter)
					require.NoError(t, err)
					kept.wrote.Write(doc)
				}
				h.stop()
				require.Contains(t, kept.wrote.String(), "Checkout is down")
				require.Contains(t, spans.wrote.String(), "tocsin notify")
				for where, text := range map[string]string{"store": kept.wrote.String(), "log": logged.String(), "traces": spans.wrote.String()} {
					if before, _, found := strings.Cut(text, acklink.Prefix); found {
						t.Errorf("%s: a token after %q", where, before[max(len(before)-300, 0):])
					}
				}
				t.Logf("%d messages with tokens, %d KiB in the store, %d KiB of log, %d KiB of traces looked at", tokens, kept.wrote.Len()>>10, logged.Len()>>10, spans.wrote.Len()>>10)
			})
		})
	}
}

// linkStore is a memory store that keeps the text of whatever was written. The engine writes its input log to it.
type linkStore struct {
	*memory.Store
	mu    sync.Mutex
	wrote bytes.Buffer
}

func (r *linkStore) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	return r.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, need, err := decide(v)
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, c := range b.Put {
			doc, _ := json.Marshal(c.Rec)
			fmt.Fprintf(&r.wrote, "%s %v\n", doc, c.Refs)
			for _, e := range c.Entries {
				fmt.Fprintf(&r.wrote, "%s\n", e.Doc)
			}
		}
		for _, t := range b.Tasks {
			fmt.Fprintf(&r.wrote, "%s\n", t.Payload)
		}
		for _, s := range b.Settle {
			fmt.Fprintln(&r.wrote, s.Dead)
		}
		if b.Log != nil {
			_, _ = io.Copy(&r.wrote, flate.NewReader(bytes.NewReader(b.Log)))
		}
		return b, need, err
	})
}

// linkTraces is a TracerProvider that keeps the text of spans.
type linkTraces struct {
	noop.TracerProvider
	mu    sync.Mutex
	wrote bytes.Buffer
}

func (r *linkTraces) Tracer(string, ...trace.TracerOption) trace.Tracer { return &linkTracer{of: r} }

func (r *linkTraces) note(what ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(&r.wrote, what...)
}

type linkTracer struct {
	noop.Tracer
	of *linkTraces
}

func (t *linkTracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(options...)
	t.of.note(name, c.Attributes())
	s := &linkSpan{of: t.of}
	return trace.ContextWithSpan(ctx, s), s
}

type linkSpan struct {
	noop.Span
	of *linkTraces
}

func (s *linkSpan) IsRecording() bool { return true }
func (s *linkSpan) SetAttributes(kv ...attribute.KeyValue) {
	for _, a := range kv {
		s.of.note(string(a.Key), a.Value.String())
	}
}
func (s *linkSpan) SetStatus(_ codes.Code, text string)           { s.of.note(text) }
func (s *linkSpan) RecordError(err error, _ ...trace.EventOption) { s.of.note(err) }
func (s *linkSpan) AddEvent(name string, o ...trace.EventOption) {
	c := trace.NewEventConfig(o...)
	s.of.note(name, c.Attributes())
}
