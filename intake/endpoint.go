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
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/internal/mark"
	"github.com/tocsin-dev/tocsin/internal/redact"
	"github.com/tocsin-dev/tocsin/internal/spans"
)

// Submitter stores events. The engine implements it. Submit may be called concurrently and may block until ctx ends.
//
// A nil error means that every event is durable. Refused events are reported as joined *[event.RejectedError]; all others are
// stored. A *[event.OverloadError] means that none is stored. Any other error means that it is unknown whether the events are stored; the sender may repeat them.
type Submitter interface {
	Submit(ctx context.Context, events ...event.Event) error
}

// Offerer queues an event and never blocks. The engine implements it. Offer returns false if the queue is full; the engine
// counts the lost event. Offer may be called concurrently.
type Offerer interface {
	Offer(e event.Event) bool
}

// Endpoint configures an intake over HTTP. An endpoint without a Name, or with neither a secret in Bearer nor Open, answers 401
// to every request. It reports this once in the log and as a finding.
type Endpoint struct {
	// Name of the intake, the scope of dedup keys: a new name separates later events from the open alerts. Required.
	Name string
	// Bearer lists the accepted bearer tokens. List the old and the new token during a rotation. White space around a token does not
	// count. Empty tokens are ignored.
	Bearer Secrets
	// Open accepts requests without a token. It has no effect if Bearer holds a token.
	Open bool
	// MaxBody is the largest size of a body in bytes, after decompression. Defaults to 1 MiB, to 16 MiB for Alertmanager, and
	// to 10 KiB for Heartbeat.
	MaxBody int64
	// MaxDepth is the deepest nesting of JSON in a body. Defaults to 32.
	MaxDepth int
	// Rate is the number of requests accepted per second. The burst has the same size, at least 1. Zero: no limit.
	Rate float64
	// Origins lists the systems that may ask with OPTIONS and the header WebHook-Request-Origin whether they may send CloudEvents, by
	// the names that they give, such as eventemitter.example.com. Case does not count. A system needs no token to ask, and one to
	// send. Empty: none is told that it may send. Another format ignores it, with a line in the log and a finding.
	Origins []string
	// Ends is how long an alert of this intake may go without a signal before it goes quiet, unless its class or its event says.
	// [event.Never]: the sender tells the end of every condition, and only that ends an alert. Zero: as the format says, which is 9
	// hours for Alertmanager, never for Heartbeat, and 6 hours for CloudEvents and JSON.
	Ends time.Duration
	// TimeIsBegin says that the time of a trigger is when its condition began, and that of a resolve when it ended. It is for
	// CloudEvents and JSON. Another format knows what its times are: there it is ignored, with a line in the log and a finding.
	TimeIsBegin bool
	// Acks says whether an acknowledge signal of the sender counts. Where it does not, it is recorded only. Nil: as the format says;
	// no format here lets it count.
	Acks *bool
	// Logger receives the faults of the endpoint. Defaults to [slog.DiscardHandler].
	Logger *slog.Logger
	// MeterProvider counts refused events as tocsin.intake.events. TracerProvider traces requests. Both default to the global
	// providers of OpenTelemetry.
	MeterProvider  metric.MeterProvider
	TracerProvider trace.TracerProvider
}

const retryAfter = "5" // seconds

// The reasons of a refusal, the values of the attribute error.type.
const (
	reasonMethod       = "method"
	reasonUnauthorized = "unauthorized"
	reasonContentType  = "content_type"
	reasonRate         = "rate"
	reasonBusy         = "busy"
	reasonTimeout      = "timeout"
	reasonTooLarge     = "too_large"
	reasonTooDeep      = "too_deep"
	reasonMalformed    = "malformed"
	reasonRefused      = "refused"
	reasonStore        = "store"
	reasonOverload     = "overload"
	reasonStranger     = "stranger" // who acted is no person of the catalog
	reasonForbidden    = "forbidden"
)

// format describes an input format.
type format struct {
	name     string
	methods  []string
	accepts  func(http.Header) bool // whether the headers announce this format
	expected string                 // the headers that accepts wants, for errors
	maxBody  int64                  // default of Endpoint.MaxBody
	stored   int                    // status of a body whose events are all stored
	partly   int                    // status of a body with some refused events
	overload int                    // status after which the sender retries

	sender   event.Sender // unless the Endpoint says otherwise
	mayBegin bool         // whether Endpoint.TimeIsBegin applies
	mayAsk   bool         // whether Endpoint.Origins applies

	signed       bool // the body is signed: a secret is required, and Endpoint.Open has no effect
	bodiless     bool // the body is ignored
	tokenInQuery bool // also accept the token in the query, for callers that can set only a URL
}

// gate checks and answers requests for the endpoints of all formats.
type gate struct {
	Endpoint
	*format
	to      Submitter
	sender  event.Sender // of all events
	secrets [][sha256.Size]byte
	signing []string // secrets of the signature, for a format that is signed
	limiter *rate.Limiter
	small   *capacity
	large   *capacity
	refused metric.Int64Counter
	tracer  trace.Tracer
	closed  sync.Once // reports once that every request gets 401
	misused sync.Once // reports once that a field of Endpoint is ignored
}

func newGate(f *format, to Submitter, e *Endpoint) *gate {
	g := &gate{format: f, to: to}
	if e != nil {
		g.Endpoint = *e
	}
	g.sender = g.senderOf()
	for _, secret := range g.Bearer {
		if secret = strings.TrimSpace(secret); secret != "" { // a secret read from a file ends in a line break
			g.secrets = append(g.secrets, sha256.Sum256([]byte(secret)))
		}
	}
	g.Bearer = nil
	if g.MaxBody <= 0 {
		g.MaxBody = f.maxBody
	}
	g.small, g.large = small(), large(g.MaxBody)
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
		g.complain(context.Background(), "refused events are not counted", err)
	}
	return g
}

// senderOf returns what the format and the Endpoint say of those who send.
func (g *gate) senderOf() event.Sender {
	s := g.format.sender
	if g.Ends > 0 {
		s.StaleAfter = g.Ends
		s.Ends = s.Ends || g.Ends == event.Never
	}
	if g.TimeIsBegin && g.mayBegin {
		s.Clock = event.ClockBegin
	}
	if g.Acks != nil {
		s.Acks = *g.Acks
	}
	return s
}

// admit reports whether r passes the checks before its body is read. If not, it has answered r.
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
		g.warn(r.Context())
		return g.withinRate(w, r)
	}
	return false
}

// warn reports fields of the Endpoint that are ignored.
func (g *gate) warn(ctx context.Context) {
	var text string
	switch {
	case g.TimeIsBegin && !g.mayBegin:
		text = "TimeIsBegin is ignored: the format " + g.name + " says what its times mean"
	case len(g.Origins) > 0 && !g.mayAsk:
		text = "Origins is ignored: the format " + g.name + " has no handshake"
	case g.Ends < 0:
		text = fmt.Sprintf("Ends is ignored: %v, expected no negative duration", g.Ends)
	default:
		return
	}
	g.misused.Do(func() {
		g.complain(ctx, text, nil)
		g.report(ctx, event.Finding(event.FindingRefusedInput, g.Name+" endpoint", g.name+": "+text))
	})
}

// withinRate reports whether r keeps the rate. If not, it has answered r.
func (g *gate) withinRate(w http.ResponseWriter, r *http.Request) bool {
	now := time.Now()
	if rehearsed(r.Context()) || g.limiter.AllowN(now, 1) {
		return true
	}
	next := g.limiter.ReserveN(now, 1)
	wait := next.DelayFrom(now)
	next.CancelAt(now)
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	g.answer(w, r, g.overload, reasonRate, fmt.Sprintf("rate: expected at most %v requests per second", g.Rate))
	return false
}

// shut reports whether the configuration lets nobody in.
func (g *gate) shut(ctx context.Context) bool {
	switch {
	case rehearsed(ctx):
		return g.Name == ""
	case g.signed:
		return g.Name == "" || len(g.signing) == 0
	}
	return g.Name == "" || len(g.secrets) == 0 && !g.Open
}

// authorized compares digests in constant time, so that timing reveals neither content nor length of a secret.
func (g *gate) authorized(r *http.Request) bool {
	if g.shut(r.Context()) {
		g.closed.Do(func() {
			text := "the endpoint has no name, or neither a secret nor Open: every request is answered 401"
			if g.signed {
				text = "the endpoint has no name, or no secret of the signature: every request is answered 401"
			}
			g.complain(r.Context(), text, nil)
			g.report(r.Context(), event.Finding(event.FindingRefusedInput, cmp.Or(g.Name, g.name), text))
		})
		return false
	}
	if rehearsed(r.Context()) || len(g.secrets) == 0 {
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

// refuse answers a request with an unreadable body. It reports a finding, because the events are lost unless the sender
// retries. what names them, as far as they could be read.
func (g *gate) refuse(w http.ResponseWriter, r *http.Request, what string, err error) {
	status, reason, text := http.StatusBadRequest, reasonMalformed, "body: "+err.Error()
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooLarge):
		status, reason = http.StatusRequestEntityTooLarge, reasonTooLarge
		text = fmt.Sprintf("body: expected at most %d bytes", tooLarge.Limit)
	case errors.Is(err, errNoLength):
		status, reason, text = http.StatusRequestEntityTooLarge, reasonTooLarge, "body: "+err.Error()
	case errors.Is(err, errTooDeep):
		reason, text = reasonTooDeep, fmt.Sprintf("body: expected at most %d levels of nesting", g.MaxDepth)
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", retryAfter)
		g.answer(w, r, g.overload, reasonBusy, err.Error())
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		g.retry(w, r, reasonTimeout, "body: not received within "+bodyTimeout.String())
		return
	}
	answerWithin(w, 0)
	g.report(r.Context(), event.Finding(event.FindingLoss, g.Name+" "+what+" "+reason, g.name+": "+text))
	g.answer(w, r, status, reason, text)
}

// retry answers 503, after which senders retry.
func (g *gate) retry(w http.ResponseWriter, r *http.Request, reason, text string) {
	w.Header().Set("Retry-After", retryAfter)
	g.answer(w, r, http.StatusServiceUnavailable, reason, text)
}

// notStored answers so that the sender retries after an error of Submit.
func (g *gate) notStored(w http.ResponseWriter, r *http.Request, err error) {
	if over := (*event.OverloadError)(nil); errors.As(err, &over) {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(over.RetryAfter.Seconds()))))
		g.answer(w, r, g.overload, reasonOverload, over.Error())
		return
	}
	g.retry(w, r, reasonStore, "not stored, try again")
}

// answer refuses a request.
func (g *gate) answer(w http.ResponseWriter, r *http.Request, status int, reason, text string) {
	g.count(r.Context(), reason, 1)
	spans.Fail(trace.SpanFromContext(r.Context()), reason)
	answerWithin(w, answerTimeout)
	g.tell(w, text, status)
}

// tell answers with one line of text, which may quote the body.
func (g *gate) tell(w http.ResponseWriter, text string, status int) {
	http.Error(w, line.Of(g.name+": "+text), status)
}

func (g *gate) count(ctx context.Context, reason string, n int) {
	if n > 0 && !rehearsed(ctx) {
		g.mark(ctx, reason)
		g.refused.Add(ctx, int64(n), metric.WithAttributes(attribute.String("format", g.name),
			attribute.String("outcome", "rejected"), attribute.String("error.type", reason)))
	}
}

// report submits findings. It logs a finding that cannot be stored.
func (g *gate) report(ctx context.Context, findings ...event.Event) {
	if len(findings) == 0 {
		return
	}
	if err := g.to.Submit(ctx, findings...); err != nil {
		g.complain(ctx, "a finding was not stored: "+findings[0].Summary, err)
	}
}

// complain logs an error. The mark in the context keeps the slog intake from making an event of it.
func (g *gate) complain(ctx context.Context, text string, err error) {
	if rehearsed(ctx) {
		return
	}
	text = line.Of(redact.Plain.Text(text))
	g.Logger.ErrorContext(mark.Own(ctx), "intake: "+text, line.Args([]any{"intake", g.Name, "format", g.name, "error", err})...)
}

// refusals splits an error of Submit into refused events and other errors.
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
		if refused, other = refusals(inner); len(refused) > 0 {
			return refused, other
		}
	}
	return nil, err
}
