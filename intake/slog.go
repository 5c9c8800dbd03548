package intake

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	eventKey   = "event"     // the attribute that names the class of a record
	staleAfter = time.Hour   // for what only ever triggers
	errorClass = "log.error" // of records that name none
)

// Slog returns a handler that passes every record to next unchanged, and then makes an event of those at or above
// [slog.LevelError] and of those with an attribute "event", a text outside of groups. That text names the event's class, else
// it is log.error. The subject is the function that logged, the labels are the attributes, groups joined by dots; values of
// attributes named like secrets become ***, composite ones are left out. Such an event goes stale after an hour.
//
// The handler never blocks and never fails: what o does not take is lost to o alone. An attribute "event" makes an event only
// where next, or a With of that attribute, enables the record's level.
//
// The handler that package slog starts with cannot stay beneath another one once [slog.SetDefault] has seen that, since the
// two would wait for each other. As next it is replaced by a [slog.TextHandler] of its level on the present [log.Writer].
func Slog(o Offerer, next slog.Handler) slog.Handler {
	if fmt.Sprintf("%T", next) == "*slog.defaultHandler" {
		next = detached(next)
	}
	return &slogHandler{offerer: o, next: next}
}

func detached(next slog.Handler) slog.Handler {
	const lowest, levels = -64, 128
	enabled := func(i int) bool { return next.Enabled(context.Background(), slog.Level(lowest+i)) }
	return slog.NewTextHandler(log.Writer(), &slog.HandlerOptions{Level: slog.Level(lowest + sort.Search(levels, enabled))})
}

type slogHandler struct {
	offerer Offerer
	next    slog.Handler
	class   string // by With
	prefix  string // the open groups, each with a dot
	attrs   []scope
}

// scope is what one With added, inside the groups open at that time.
type scope struct {
	prefix string
	attrs  []slog.Attr
}

func (h *slogHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError || h.class != "" || h.next.Enabled(ctx, level)
}

func (h *slogHandler) Handle(ctx context.Context, r slog.Record) error {
	var err error
	if h.next.Enabled(ctx, r.Level) {
		err = h.next.Handle(ctx, r)
	}
	if class := h.classOf(r); class != "" && !mark.Is(ctx) {
		e := h.event(class, r)
		e.TraceParent = spans.TraceParent(trace.SpanContextFromContext(ctx))
		h.offerer.Offer(e)
	}
	return err
}

func (h *slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := *h
	with.next = h.next.WithAttrs(attrs)
	with.attrs = append(slices.Clip(h.attrs), scope{h.prefix, attrs})
	for _, a := range attrs {
		if class := className(a); class != "" && h.prefix == "" {
			with.class = class
		}
	}
	return &with
}

func (h *slogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.next = h.next.WithGroup(name)
	with.prefix = h.prefix + name + "."
	return &with
}

// classOf returns "" for a record that is no event.
func (h *slogHandler) classOf(r slog.Record) string {
	class := h.class
	if h.prefix == "" {
		r.Attrs(func(a slog.Attr) bool {
			if own := className(a); own != "" {
				class = own
			}
			return true
		})
	}
	if class == "" && r.Level >= slog.LevelError {
		return errorClass
	}
	return class
}

// className leaves the types of findings to the engine.
func className(a slog.Attr) string {
	if a.Key != eventKey || a.Value.Kind() != slog.KindString || event.IsFinding(a.Value.String()) {
		return ""
	}
	return bounded(a.Value.String(), maxName)
}

func (h *slogHandler) event(class string, r slog.Record) event.Event {
	l := labels{values: make(map[string]string)}
	for _, s := range h.attrs {
		for _, a := range s.attrs {
			l.add(s.prefix, a)
		}
	}
	r.Attrs(func(a slog.Attr) bool {
		l.add(h.prefix, a)
		return true
	})
	if l.cut > 0 {
		l.values[cutLabel] = strconv.Itoa(l.cut)
	}
	return event.Event{
		Type: class, Subject: bounded(caller(r.PC), maxName), Severity: severityOf(r.Level), Time: r.Time,
		Summary: bounded(r.Message, event.MaxSummary), Labels: l.values, StaleAfter: staleAfter,
	}
}

// caller names the function at pc, without the line, which changes with every edit above it.
func caller(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return frame.Function
}

func severityOf(level slog.Level) severity.Level {
	switch {
	case level >= slog.LevelError+4:
		return severity.Critical
	case level >= slog.LevelError:
		return severity.Error
	case level >= slog.LevelWarn:
		return severity.Warning
	default:
		return severity.Info
	}
}

// bounded makes of any text one that an event may hold.
func bounded(s string, limit int) string {
	return strings.ToValidUTF8(event.Shorten(s, limit), "?") // one byte, so that it cannot grow again
}
