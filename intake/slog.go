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
	staleAfter = time.Hour   // for events that nothing resolves
	errorClass = "log.error" // class of error records without an attribute "event"
)

// Slog returns a handler that passes every record to next unchanged, and offers some records to o as events. It makes an event
// of a record at or above [slog.LevelError], and of a record with a string attribute "event" outside all groups:
//
//	slog.Warn("payout waits", "event", "payments.payout.stuck", "merchant", "m-42")
//
// The class is the value of "event", or log.error. The subject is the logging function. The labels are the attributes; group
// names are joined by dots. The value of an attribute named like a secret becomes ***, and composite values are left out. What is
// too long for an event is cut; the label tocsin.cut counts it, and next has all of it. The alert goes quiet an hour after the last
// record.
//
// Offering never blocks and never fails. If o refuses an event, next still has the record. A record below slog.LevelError
// makes an event only if next enables its level, or if the attribute "event" was added by With.
//
// The initial default handler of package slog deadlocks beneath another handler after [slog.SetDefault]. If next is that
// handler, Slog uses a [slog.TextHandler] of the same level that writes to the current [log.Writer].
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
	class   string // attribute "event" of With
	prefix  string // open groups, each followed by a dot
	attrs   []scope
}

// scope holds the attributes of one With, and the groups that were open.
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

// classOf returns the class of a record, "" for a record that makes no event.
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

// className returns the class in attribute a, "" if there is none. Only the engine may use the classes of findings.
func className(a slog.Attr) string {
	if a.Key != eventKey || a.Value.Kind() != slog.KindString || event.IsFinding(a.Value.String()) {
		return ""
	}
	return a.Value.String()
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
	e := event.Event{
		Type: class, Subject: caller(r.PC), Severity: severityOf(r.Level), Time: r.Time,
		Summary: r.Message, Labels: l.values, Sender: event.Sender{StaleAfter: staleAfter},
	}
	if cut := l.cut + len(e.Fit()); cut > 0 {
		e.Labels[cutLabel] = strconv.Itoa(cut)
	}
	return e
}

// caller returns the function at pc. It leaves out the line number, which every edit of the file changes.
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

// bounded makes s valid UTF-8 of at most limit bytes.
func bounded(s string, limit int) string {
	return strings.ToValidUTF8(event.Shorten(s, limit), "?") // "?" is one byte: the text cannot grow above the limit
}
