package status

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// problem is an answer that is no success, as RFC 9457 has it.
type problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Need   respond.Need `json:"need,omitempty"` // of forbidden: what is missing
	Who    string       `json:"who,omitempty"`  // of forbidden: who may
	Now    *standing    `json:"now,omitempty"`  // of refused: how things stand
	// Held is, of an update that is held back for a second look, what was found in its texts. It goes with the field confirm.
	Held []comms.Finding `json:"held,omitempty"`
}

// Error implements error.
func (p *problem) Error() string { return p.Detail }

// problemType begins the types of problems.
const problemType = "urn:tocsin:problem:"

func newProblem(status int, name, title, detail string) *problem {
	return &problem{Type: problemType + name, Title: title, Status: status, Detail: detail}
}

// The problems, each with its most common detail.
var (
	problemInvalid = newProblem(http.StatusBadRequest, "invalid", "The request is not valid", "")

	problemUnauthenticated = newProblem(http.StatusUnauthorized, "unauthenticated", "You are not known here",
		"The request names no person and no machine. Say who you are, then send it again.")
	problemForbidden = newProblem(http.StatusForbidden, "forbidden", "You may not do this", "")
	problemOrigin    = newProblem(http.StatusForbidden, "cross-origin", "Another site sent this",
		"A browser sent this for another site. Use the API from its own origin, or from a program.")
	problemNotFound = newProblem(http.StatusNotFound, "not-found", "There is no such thing",
		"It does not exist, is older than what is kept, or belongs to a tenant that you do not see.")
	problemMethod = newProblem(http.StatusMethodNotAllowed, "method", "This method is not for this path",
		"The header Allow has the methods that are.")
	problemRefused    = newProblem(http.StatusConflict, "refused", "This does not apply now", "")
	problemUnreadable = newProblem(http.StatusConflict, "unreadable", "The record cannot be read", "")
	problemTooLarge   = newProblem(http.StatusRequestEntityTooLarge, "too-large", "The body is too large",
		"A body has at most 65536 bytes.")
	problemMedia = newProblem(http.StatusUnsupportedMediaType, "media-type", "The body is not JSON",
		"The Content-Type must be application/json, in UTF-8 and without Content-Encoding.")
	problemOverload = newProblem(http.StatusServiceUnavailable, "overload", "Too many requests at once",
		"Nothing was done. Send the request again in a moment.")
	problemStore = newProblem(http.StatusServiceUnavailable, "store", "The store does not answer",
		"It is not known whether a command was carried out. Send it again with the same Idempotency-Key.")
	problemNoLinks = newProblem(http.StatusNotImplemented, "no-links", "Links are not set up here",
		"Whoever runs this sets PublicURL and LinkKeys first. Nothing was shared.")
	problemIll = newProblem(http.StatusServiceUnavailable, "ill", "The engine does not deliver",
		"Operators are told why.")
)

// because returns a problem with a detail of its own.
func (p *problem) because(detail string) *problem {
	own := *p
	own.Detail = detail
	return &own
}

// fail answers with what kept a request from success.
func (q *apiRequest) fail(w http.ResponseWriter, err error) {
	p := q.problemOf(err)
	switch {
	case p.Status == http.StatusUnauthorized && q.Challenge != "":
		w.Header().Set("WWW-Authenticate", q.Challenge)
	case p.Type == problemOverload.Type:
		w.Header().Set("Retry-After", "1")
	case p.Type == problemStore.Type:
		w.Header().Set("Retry-After", "5")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	q.write(w, p.Status, p)
}

func (q *apiRequest) problemOf(err error) *problem {
	var known *problem
	var no *respond.ForbiddenError
	var refused *respond.RefusedError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, tocsin.ErrNotFound): // in the same words whether it is hidden or does not exist
		return problemNotFound
	case errors.As(err, &no):
		p := problemForbidden.because(no.Error())
		p.Need, p.Who = no.Need, no.Who
		return p
	case errors.As(err, &refused):
		p := problemRefused.because(refused.Error())
		p.Now, p.Held = q.now(refused.Incident), refused.Held
		return p
	case errors.Is(err, store.ErrUnreadable), errors.Is(err, store.ErrNewer):
		return problemUnreadable.because(err.Error())
	}
	q.log(slog.LevelError, "a request failed", err)
	if q.Method != http.MethodPost {
		return problemStore.because("Nothing can be read now. Send the request again in a moment.")
	}
	return problemStore
}

// refuse returns a handler that answers with a problem, and a header if it is named.
func (a *api) refuse(p *problem, header, value string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if header != "" {
			w.Header().Set(header, value)
		}
		(&apiRequest{api: a, Request: r}).fail(w, p)
	})
}
