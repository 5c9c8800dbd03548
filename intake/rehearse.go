package intake

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

// Rehearsal is what an intake made of a request that [Rehearse] put through it.
type Rehearsal struct {
	Status int    // of the answer
	Answer string // body of the answer, as one line; empty: the answer has none
	// Events are those that the engine would have stored, in order and without secrets. Findings of the intake are among them.
	Events []event.Event
}

// Refused reports whether the answer is that of an error. Some events may be stored all the same.
func (r *Rehearsal) Refused() bool { return r.Status >= http.StatusBadRequest }

// Rehearse puts a request through an intake without effect. build makes the intake for a Submitter, as in production:
//
//	func alerts(to intake.Submitter) http.Handler {
//		return intake.Alertmanager(to, &intake.Endpoint{Name: "alertmanager", Bearer: tokens})
//	}
//
// So the body is decoded by the same code, with the same mapping and limits. words gives the severities that the catalog has for words of
// senders: the SeverityOf of an engine or a catalog; nil: none.
//
// Intakes of this package demand no token, keep to no rate, count and trace nothing, and log nothing in a rehearsal. One without a name
// answers 401 here too. A handler of another package sees a Submitter that stores nothing; everything else that it does
// takes effect, and its panics are not caught.
func Rehearse(build func(Submitter) http.Handler, words func(intake, word string) (severity.Level, bool), r *http.Request) *Rehearsal {
	t := &tray{words: words}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), rehearsing{}, true)) // without the span and the connection of r
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)()
	w := &answer{header: make(http.Header)}
	build(t).ServeHTTP(w, r.Clone(ctx))
	w.WriteHeader(http.StatusOK) // unless it has answered
	return &Rehearsal{Status: w.status, Answer: line.Of(strings.TrimSpace(string(w.body))), Events: t.events}
}

// tray is the Submitter of a rehearsal. It keeps events in place of an engine.
type tray struct {
	words  func(intake, word string) (severity.Level, bool)
	events []event.Event
}

// Submit refuses the events that an engine refuses.
func (t *tray) Submit(_ context.Context, events ...event.Event) error {
	var errs []error
	for i := range events {
		err := events[i].Check()
		if err == nil {
			e := events[i]
			e.Redact()
			t.events = append(t.events, e)
			continue
		}
		if rejected := (*event.RejectedError)(nil); errors.As(err, &rejected) {
			rejected.Index = i
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// SeverityOf implements translator.
func (t *tray) SeverityOf(intake, word string) (severity.Level, bool) {
	if t.words == nil {
		return 0, false
	}
	return t.words(intake, word)
}

// rehearsing is the key of a context of a rehearsal: nobody sends its request, and nothing of it is counted, traced or logged.
type rehearsing struct{}

func rehearsed(ctx context.Context) bool { return ctx.Value(rehearsing{}) != nil }

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   []byte
}

const mostAnswer = 4 << 10 // bytes of an answer that are kept

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, p[:min(len(p), mostAnswer-len(a.body))]...)
	return len(p), nil
}
