package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestSlogPassesTheHandlerTests(t *testing.T) {
	var b bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b.Reset()
		return intake.Slog(&recorder{}, slog.NewJSONHandler(&b, nil))
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &m))
		return m
	})
}

// logger writes to the recorder only.
func logger() (*slog.Logger, *recorder) {
	r := &recorder{}
	return slog.New(intake.Slog(r, slog.DiscardHandler)), r
}

func TestRecordsBecomeEvents(t *testing.T) {
	var text bytes.Buffer
	r := &recorder{}
	l := slog.New(intake.Slog(r, slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: noTime})))
	l.Info("started", "port", 8080)
	l.Error("payout failed", "merchant", "m-42", "err", errors.New("no route"))

	assert.Equal(t, "level=INFO msg=started port=8080\nlevel=ERROR msg=\"payout failed\" merchant=m-42 err=\"no route\"\n", text.String())
	require.Len(t, r.events, 1)
	e := r.events[0]
	assert.WithinDuration(t, time.Now(), e.Time, time.Minute)
	e.Time = time.Time{}
	assert.Equal(t, event.Event{
		Type: "log.error", Subject: "github.com/tocsin-dev/tocsin/intake_test.TestRecordsBecomeEvents", Severity: severity.Error,
		Summary: "payout failed", Labels: map[string]string{"merchant": "m-42", "err": "no route"}, Sender: event.Sender{StaleAfter: time.Hour},
	}, e)
}

func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func TestWhichRecordsBecomeEvents(t *testing.T) {
	ctx := context.Background()
	for _, tt := range []struct {
		name     string
		log      func(*slog.Logger)
		class    string // "" for no event
		severity severity.Level
	}{
		{"info", func(l *slog.Logger) { l.Info("x") }, "", 0},
		{"warning", func(l *slog.Logger) { l.Warn("x") }, "", 0},
		{"just below error", func(l *slog.Logger) { l.Log(ctx, slog.LevelError-1, "x") }, "", 0},
		{"error", func(l *slog.Logger) { l.Error("x") }, "log.error", severity.Error},
		{"error+3", func(l *slog.Logger) { l.Log(ctx, slog.LevelError+3, "x") }, "log.error", severity.Error},
		{"error+4", func(l *slog.Logger) { l.Log(ctx, slog.LevelError+4, "x") }, "log.error", severity.Critical},
		{"attribute at error", func(l *slog.Logger) { l.Error("x", "event", "db.slow") }, "db.slow", severity.Error},
		{"attribute at warning", func(l *slog.Logger) { l.Warn("x", "event", "db.slow") }, "db.slow", severity.Warning},
		{"attribute at warning+2", func(l *slog.Logger) { l.Log(ctx, slog.LevelWarn+2, "x", "event", "db.slow") }, "db.slow", severity.Warning},
		{"attribute at info", func(l *slog.Logger) { l.Info("x", "event", "db.slow") }, "db.slow", severity.Info},
		{"attribute by With, at debug", func(l *slog.Logger) { l.With("event", "db.slow").Debug("x") }, "db.slow", severity.Info},
		{"the record's own wins", func(l *slog.Logger) { l.With("event", "db.slow").Error("x", "event", "db.down") }, "db.down", severity.Error},
		{"a later With wins", func(l *slog.Logger) { l.With("event", "db.slow").With("event", "db.down").Error("x") }, "db.down", severity.Error},
		{"attribute by With before a group", func(l *slog.Logger) { l.With("event", "db.slow").WithGroup("g").Info("x") }, "db.slow", severity.Info},
		{"attribute inside a group", func(l *slog.Logger) { l.WithGroup("g").Error("x", "event", "db.slow") }, "log.error", severity.Error},
		{"attribute by With inside a group", func(l *slog.Logger) { l.WithGroup("g").With("event", "db.slow").Info("x") }, "", 0},
		{"attribute that is no text", func(l *slog.Logger) { l.Error("x", "event", 7) }, "log.error", severity.Error},
		{"empty attribute", func(l *slog.Logger) { l.Info("x", "event", "") }, "", 0},
		{"type of a finding", func(l *slog.Logger) { l.Error("x", "event", "tocsin.exhausted") }, "log.error", severity.Error},
		{"tocsin's own", func(l *slog.Logger) { l.ErrorContext(mark.Own(ctx), "x", "event", "db.slow") }, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var passed bytes.Buffer
			r := &recorder{}
			tt.log(slog.New(intake.Slog(r, slog.NewTextHandler(&passed, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			assert.NotEmpty(t, passed.String(), "every record goes to next")
			if tt.class == "" {
				assert.Empty(t, r.events)
				return
			}
			require.Len(t, r.events, 1)
			assert.Equal(t, tt.class, r.events[0].Type)
			assert.Equal(t, tt.severity, r.events[0].Severity)
		})
	}
}

func TestNextDecidesWhatItTakes(t *testing.T) {
	var b bytes.Buffer
	r := &recorder{}
	l := slog.New(intake.Slog(r, slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelError + 1})))
	l.Error("x")
	assert.Empty(t, b.String())
	assert.Len(t, r.events, 1)
}

func TestLoggersDoNotShareAttributes(t *testing.T) {
	l, r := logger()
	base := l.With("a", 1).With("b", 2).With("c", 3)
	left, right := base.With("left", 4), base.With("right", 5)
	left.Error("x")
	right.Error("x")
	require.Len(t, r.events, 2)
	assert.Equal(t, map[string]string{"a": "1", "b": "2", "c": "3", "left": "4"}, r.events[0].Labels)
	assert.Equal(t, map[string]string{"a": "1", "b": "2", "c": "3", "right": "5"}, r.events[1].Labels)
}

func TestErrorsBecomeEventsWhateverNextWants(t *testing.T) {
	l, r := logger()
	l.Error("x")
	l.With("event", "db.slow").Debug("x")
	assert.Len(t, r.events, 2)
	assert.False(t, l.Enabled(t.Context(), slog.LevelWarn), "nobody is made to build records for nothing")
}

func TestSubjectIsTheFunctionThatLogs(t *testing.T) {
	l, r := logger()
	l.Error("one text")
	l.Error("another text", "merchant", "m-42")
	elsewhere(l)
	require.Len(t, r.events, 3)
	c := event.Class{Name: "log.error"}
	assert.Equal(t, c.Key(&r.events[0]), c.Key(&r.events[1]), "neither text nor line is part of the key")
	assert.NotEqual(t, c.Key(&r.events[0]), c.Key(&r.events[2]))
	assert.Equal(t, "github.com/tocsin-dev/tocsin/intake_test.elsewhere", r.events[2].Subject)

	require.NoError(t, l.Handler().Handle(t.Context(), slog.NewRecord(time.Time{}, slog.LevelError, "from a bridge", 0)))
	assert.Empty(t, r.events[3].Subject, "without a caller the service is the key")
	assert.Zero(t, r.events[3].Time)
}

func elsewhere(l *slog.Logger) { l.Error("one text") }

type named string

type bad struct{}

func (bad) LogValue() slog.Value { panic("no value") }

type worse struct{}

func (*worse) Error() string { panic("no error") }

type endless struct{}

func (e endless) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("a", e), slog.Any("b", e))
}

func TestLabels(t *testing.T) {
	long := strings.Repeat("ä", 5000)
	for _, tt := range []struct {
		name string
		log  func(*slog.Logger)
		want map[string]string
	}{
		{
			"plain values", func(l *slog.Logger) {
				l.Error("x", "s", "text", "i", 42, "f", 0.5, "b", true, "d", time.Minute, "n", named("me"), "e", io.EOF, "none", nil, "u", &url.URL{Host: "h"})
			},
			map[string]string{"s": "text", "i": "42", "f": "0.5", "b": "true", "d": "1m0s", "n": "me", "e": "EOF", "none": "<nil>", "u": "//h"},
		},
		{"With and groups", func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").Error("x", "c", 3, slog.Group("i", "d", 4), slog.Group("", "e", 5))
		}, map[string]string{"a": "1", "g.b": "2", "g.h.c": "3", "g.h.i.d": "4", "g.h.e": "5"}},
		{"empty ones", func(l *slog.Logger) { l.WithGroup("").With().Error("x", slog.Attr{}, slog.Group("g"), "a", "") }, map[string]string{"a": ""}},
		{"group without a name, by a wrapper", func(l *slog.Logger) {
			slog.New(l.Handler().WithGroup("").WithAttrs(nil)).Error("x", "a", 1)
		}, map[string]string{"a": "1"}},
		{"inside a group of secrets", func(l *slog.Logger) { l.WithGroup("credentials").Error("x", "user", "p") }, map[string]string{"credentials.user": "***"}},
		{"the later of two", func(l *slog.Logger) { l.With("a", 1).Error("x", "a", 2) }, map[string]string{"a": "2"}},
		{"secrets", func(l *slog.Logger) {
			l.With("DB_Password", "p1").WithGroup("headers").Error("x", "Authorization", "p2", "X-Api-Key", "p3", "Set-Cookie", "p4",
				"fine", "yes", "accessToken", "p5", slog.Group("credentials", "user", "p6"), "client_secret", bad{}, "apiKey", 7)
		}, map[string]string{
			"DB_Password": "***", "headers.Authorization": "***", "headers.X-Api-Key": "***", "headers.Set-Cookie": "***", "headers.fine": "yes",
			"headers.accessToken": "***", "headers.credentials": "***", "headers.client_secret": "***", "headers.apiKey": "***",
		}},
		{"composite values", func(l *slog.Logger) {
			l.Error("x", "a", 1, "request", http.Header{"Authorization": {"p"}}, "list", []string{"p"}, "struct", struct{ Password string }{"p"}, "pointer", new(int))
		}, map[string]string{"a": "1", "tocsin.cut": "4"}},
		{"long ones", func(l *slog.Logger) { l.Error("x", "a", long, long, "b") }, map[string]string{"a": strings.Repeat("ä", 2046) + "…", "tocsin.cut": "2"}},
		{"bytes that are not UTF-8", func(l *slog.Logger) { l.Error("x", "a", "b\xff\xfec", "d\xff", "e") }, map[string]string{"a": "b?c", "tocsin.cut": "1"}},
		{"number that is none", func(l *slog.Logger) { l.Error("x", "a", math.NaN()) }, map[string]string{"a": "NaN"}},
		{"error that panics", func(l *slog.Logger) { l.Error("x", "err", &worse{}, "nil", (*worse)(nil)) }, map[string]string{"err": "%!v(PANIC=Error method: no error)", "nil": "<nil>"}},
		{"group without end", func(l *slog.Logger) { l.Error("x", "a", 1, "e", endless{}) }, map[string]string{"a": "1", "tocsin.cut": "1000"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, r := logger()
			tt.log(l)
			require.Len(t, r.events, 1)
			assert.Equal(t, tt.want, r.events[0].Labels)
		})
	}
}

func TestPanickingLogValuerIsCaught(t *testing.T) {
	l, r := logger()
	l.Error("x", "value", bad{}, "other", 1)
	require.Len(t, r.events, 1)
	assert.Contains(t, r.events[0].Labels["value"], "LogValue panicked")
	assert.Equal(t, "1", r.events[0].Labels["other"])
}

// The engine accepts the event of every log record.
func TestEventsFromRecordsAreNeverRefused(t *testing.T) {
	l, r := logger()
	for i := range 300 {
		l = l.With("label-"+strconv.Itoa(i), strings.Repeat("v", 5000))
	}
	l.Error(strings.Repeat("x\xff", 10_000), "event", strings.Repeat("y\xff", 300))
	require.Len(t, r.events, 1, "the recorder refuses what Check refuses")
	assert.Len(t, r.events[0].Labels, 128)
	assert.Equal(t, "303", r.events[0].Labels["tocsin.cut"], "127 shortened, 173 and the class left out; the type and the summary cut")
}

func TestFullQueueFailsNobody(t *testing.T) {
	h := intake.Slog(&recorder{err: errors.New("full")}, slog.DiscardHandler)
	assert.NoError(t, h.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelError, "x", 0)))
}

type failingHandler struct{ slog.Handler }

func (failingHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (failingHandler) Handle(context.Context, slog.Record) error { return io.ErrShortWrite }

func TestErrorOfNextIsHandedOn(t *testing.T) {
	r := &recorder{}
	h := intake.Slog(r, failingHandler{slog.DiscardHandler})
	assert.ErrorIs(t, h.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelError, "x", 0)), io.ErrShortWrite)
	assert.Len(t, r.events, 1, "a broken log is no reason to lose the event")
}

// The default handler of package log deadlocks beneath ours after SetDefault.
func TestDefaultHandlerDoesNotDeadlock(t *testing.T) {
	oldDefault, oldWriter, oldFlags := slog.Default(), log.Writer(), log.Flags()
	t.Cleanup(func() {
		slog.SetDefault(oldDefault)
		log.SetOutput(oldWriter)
		log.SetFlags(oldFlags)
	})
	var b bytes.Buffer
	log.SetOutput(&b)
	require.Equal(t, "*slog.defaultHandler", fmt.Sprintf("%T", slog.Default().Handler()), "what the standard library starts with")
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		slog.SetDefault(slog.New(intake.Slog(r, slog.Default().Handler())))
		slog.Error("through slog")
		log.Print("through log")
		slog.Debug("not enabled")
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second): // reached only by a deadlock
		t.Fatal("log and slog wait for each other")
	}
	assert.Len(t, r.events, 1)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], `level=ERROR msg="through slog"`)
	assert.Contains(t, lines[1], `level=INFO msg="through log"`)
}

func TestDefaultHandlerKeepsItsLevel(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelWarn, slog.LevelInfo} {
		old := slog.SetLogLoggerLevel(level)
		h := intake.Slog(&recorder{}, slog.Default().Handler())
		slog.SetLogLoggerLevel(old)
		assert.True(t, h.Enabled(t.Context(), level))
		assert.False(t, h.Enabled(t.Context(), level-1))
	}
}

func TestPassingThroughAllocatesNothing(t *testing.T) {
	l := slog.New(intake.Slog(&recorder{}, quiet{slog.DiscardHandler}))
	ctx := t.Context()
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		l.LogAttrs(ctx, slog.LevelInfo, "x", slog.String("a", "b"), slog.Int("c", 1))
	}))
}

// quiet is a handler that drops all records.
type quiet struct{ slog.Handler }

func (quiet) Enabled(context.Context, slog.Level) bool { return true }

func BenchmarkSlog(b *testing.B) {
	ctx := context.Background()
	next := slog.NewTextHandler(io.Discard, nil)
	for name, l := range map[string]*slog.Logger{
		"next alone":   slog.New(next),
		"pass-through": slog.New(intake.Slog(nothing{}, next)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("path", "/x"), slog.Int("status", 200), slog.Duration("took", time.Millisecond))
			}
		})
	}
	b.Run("event", func(b *testing.B) {
		l := slog.New(intake.Slog(nothing{}, next))
		b.ReportAllocs()
		for b.Loop() {
			l.LogAttrs(ctx, slog.LevelError, "request", slog.String("path", "/x"), slog.Int("status", 500), slog.Duration("took", time.Millisecond))
		}
	})
}

type nothing struct{}

func (nothing) Offer(event.Event) bool { return true }
