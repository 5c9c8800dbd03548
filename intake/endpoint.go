package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/internal/spans"
)

// Submitter stores events; the engine is one. It may be called concurrently and may block until ctx ends.
//
// nil means that every event is durable. Refused events come back as *[event.RejectedError], joined, and the others are
// stored. Any other error in the tree means that nothing is known to be stored: the same events may come again.
type Submitter interface {
	Submit(ctx context.Context, events ...event.Event) error
}

// Offerer takes an event without ever blocking; the engine is one. False means that its queue is full, which it counts. It
// may be called concurrently.
type Offerer interface {
	Offer(e event.Event) bool
}

// Endpoint configures one way in over HTTP. Without a Name, or with neither a secret in Bearer nor Open, the endpoint answers
// 401 to everything, and says so once in the log and as a finding.
type Endpoint struct {
	// Name of the intake. It scopes dedup keys, so it stays the same when the sender's address changes. Required.
	Name string
	// Bearer lists the secrets that are accepted, several at once for rotation. Empty ones are ignored.
	Bearer Secrets
	// Open admits everybody, on purpose. It has no effect beside a secret in Bearer.
	Open bool
	// MaxBody is how many bytes a body may have, decompressed. Defaults to 1 MiB, 16 MiB for Alertmanager, and 10 KiB for
	// Heartbeat.
	MaxBody int64
	// MaxDepth is how deep a body may nest. Defaults to 32.
	MaxDepth int
	// Rate is how many requests are let in per second, with a burst of as many; below 1, one at a time. Zero: no limit.
	Rate float64
	// Logger hears what goes wrong. Defaults to [slog.DiscardHandler].
	Logger *slog.Logger
	// MeterProvider counts refusals as tocsin.intake.events, and TracerProvider traces what comes in. They default to the
	// global ones.
	MeterProvider  metric.MeterProvider
	TracerProvider trace.TracerProvider
}

const (
	bodyTimeout = 10 * time.Second // for a sender to hand over a body
	retryAfter  = "5"              // seconds
)

// The reasons of a refusal, as attribute error.type.
const (
	reasonMethod       = "method"
	reasonUnauthorized = "unauthorized"
	reasonContentType  = "content_type"
	reasonRate         = "rate"
	reasonTimeout      = "timeout"
	reasonTooLarge     = "too_large"
	reasonTooDeep      = "too_deep"
	reasonMalformed    = "malformed"
	reasonRefused      = "refused"
	reasonStore        = "store"
)

// format is what sets the endpoints of one format apart from the others.
type format struct {
	name     string
	methods  []string
	accepts  func(http.Header) bool // whether the body is of the format, as far as the header tells
	expected string                 // header of such a body
	maxBody  int64                  // by default
	stored   int                    // status of a body that came in
	partly   int                    // status of one that came in except for some of its events
	overload int                    // status on which the sender tries again

	tokenInQuery bool // beside a header, for callers that know a URL only
}

// gate is an Endpoint at work: what all formats share.
type gate struct {
	Endpoint
	*format
	to      Submitter
	secrets [][sha256.Size]byte
	limiter *rate.Limiter
	refused metric.Int64Counter
	tracer  trace.Tracer
	closed  sync.Once // says once that the gate is closed
}

func newGate(f *format, to Submitter, e *Endpoint) *gate {
	g := &gate{format: f, to: to}
	if e != nil {
		g.Endpoint = *e
	}
	for _, secret := range g.Bearer {
		if secret != "" {
			g.secrets = append(g.secrets, sha256.Sum256([]byte(secret)))
		}
	}
	g.Bearer = nil
	if g.MaxBody <= 0 {
		g.MaxBody = f.maxBody
	}
	g.limiter = rate.NewLimiter(rate.Inf, 0)
	if g.Rate > 0 {
		g.limiter = rate.NewLimiter(rate.Limit(g.Rate), int(max(g.Rate, 1)))
	}
	if g.MaxDepth <= 0 {
		g.MaxDepth = 32
	}
	if g.Logger == nil {
		g.Logger = slog.New(slog.DiscardHandler)
	}
	if g.MeterProvider == nil {
		g.MeterProvider = otel.GetMeterProvider()
	}
	if g.TracerProvider == nil {
		g.TracerProvider = otel.GetTracerProvider()
	}
	const scope = "github.com/tocsin-dev/tocsin/intake"
	g.tracer = g.TracerProvider.Tracer(scope)
	var err error
	g.refused, err = g.MeterProvider.Meter(scope).Int64Counter("tocsin.intake.events",
		metric.WithUnit("{event}"), metric.WithDescription("Events that came in."))
	if err != nil {
		g.complain(context.Background(), "refusals are not counted", err)
	}
	return g
}

// admit answers requests whose body need not be read, and reports whether r is none of them.
func (g *gate) admit(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case !g.authorized(r):
		w.Header().Set("WWW-Authenticate", "Bearer")
		g.answer(w, r, http.StatusUnauthorized, reasonUnauthorized, "not authorized")
	case !slices.Contains(g.methods, r.Method):
		w.Header().Set("Allow", strings.Join(g.methods, ", "))
		g.answer(w, r, http.StatusMethodNotAllowed, reasonMethod, "method: expected "+strings.Join(g.methods, ", "))
	case !identity(r.Header) && !gzipped(r.Header):
		g.answer(w, r, http.StatusUnsupportedMediaType, reasonContentType, "Content-Encoding: expected identity or gzip")
	case !g.accepts(r.Header):
		g.answer(w, r, http.StatusUnsupportedMediaType, reasonContentType, "Content-Type: expected "+g.expected)
	default:
		return g.inTime(w, r)
	}
	return false
}

// inTime answers a request that comes too early, and reports whether r does not.
func (g *gate) inTime(w http.ResponseWriter, r *http.Request) bool {
	now := time.Now()
	if g.limiter.AllowN(now, 1) {
		return true
	}
	next := g.limiter.ReserveN(now, 1)
	wait := next.DelayFrom(now)
	next.CancelAt(now)
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	g.answer(w, r, g.overload, reasonRate, fmt.Sprintf("rate: expected at most %v requests per second", g.Rate))
	return false
}

// authorized compares digests, so that neither content nor length of a secret shows in the time it takes.
func (g *gate) authorized(r *http.Request) bool {
	if g.Name == "" || len(g.secrets) == 0 && !g.Open {
		g.closed.Do(func() {
			const text = "the endpoint has no name, or neither a secret nor Open: every request is answered 401"
			g.complain(r.Context(), text, nil)
			g.report(r.Context(), event.Finding(event.FindingRefusedInput, cmp.Or(g.Name, g.name), text))
		})
		return false
	}
	if len(g.secrets) == 0 {
		return true
	}
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if g.tokenInQuery && !found {
		scheme, token = "Bearer", r.URL.Query().Get("token")
	}
	sent := sha256.Sum256([]byte(strings.TrimSpace(token)))
	match := 0
	for i := range g.secrets {
		match |= subtle.ConstantTimeCompare(sent[:], g.secrets[i][:])
	}
	return match == 1 && strings.EqualFold(scheme, "Bearer")
}

// refuse answers a body that could not be read. What was in it is lost, unless the sender tries again: a finding.
func (g *gate) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, reason, text := http.StatusBadRequest, reasonMalformed, "body: "+err.Error()
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooLarge):
		status, reason = http.StatusRequestEntityTooLarge, reasonTooLarge
		text = fmt.Sprintf("body: expected at most %d bytes", tooLarge.Limit)
	case errors.Is(err, errNoLength):
		status, reason, text = http.StatusRequestEntityTooLarge, reasonTooLarge, "body: "+err.Error()
	case errors.Is(err, errTooDeep):
		reason, text = reasonTooDeep, fmt.Sprintf("body: expected at most %d levels of nesting", g.MaxDepth)
	case errors.Is(err, os.ErrDeadlineExceeded):
		g.retry(w, r, reasonTimeout, "body: expected within "+bodyTimeout.String())
		return
	}
	g.report(r.Context(), event.Finding(event.FindingRefusedInput, g.Name, g.name+": "+text))
	g.answer(w, r, status, reason, text)
}

// retry gives the answer that makes senders try again.
func (g *gate) retry(w http.ResponseWriter, r *http.Request, reason, text string) {
	w.Header().Set("Retry-After", retryAfter)
	g.answer(w, r, http.StatusServiceUnavailable, reason, text)
}

// answer refuses a whole body.
func (g *gate) answer(w http.ResponseWriter, r *http.Request, status int, reason, text string) {
	g.count(r.Context(), reason, 1)
	spans.Fail(trace.SpanFromContext(r.Context()), reason)
	http.Error(w, g.name+": "+text, status)
}

func (g *gate) count(ctx context.Context, reason string, n int) {
	if n > 0 {
		g.mark(ctx, reason)
		g.refused.Add(ctx, int64(n), metric.WithAttributes(attribute.String("format", g.name),
			attribute.String("outcome", "rejected"), attribute.String("error.type", reason)))
	}
}

// report submits findings. One that cannot be stored is at least in the log.
func (g *gate) report(ctx context.Context, findings ...event.Event) {
	if len(findings) == 0 {
		return
	}
	if err := g.to.Submit(ctx, findings...); err != nil {
		g.complain(ctx, "a finding was not stored: "+findings[0].Summary, err)
	}
}

// complain logs under tocsin's own mark, so that the complaint does not come back in as an event.
func (g *gate) complain(ctx context.Context, text string, err error) {
	g.Logger.ErrorContext(mark.Own(ctx), "intake: "+text, "intake", g.Name, "format", g.name, "error", err)
}

// refusals parts what Submit returned into refused events and whatever else went wrong.
func refusals(err error) (refused []*event.RejectedError, other error) {
	switch err := err.(type) {
	case nil:
		return nil, nil
	case *event.RejectedError:
		return []*event.RejectedError{err}, nil
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			r, o := refusals(inner)
			refused, other = append(refused, r...), errors.Join(other, o)
		}
		return refused, other
	}
	if inner := errors.Unwrap(err); inner != nil {
		return refusals(inner)
	}
	return nil, err
}
