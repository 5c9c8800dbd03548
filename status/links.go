package status

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/respond"
)

// Links serves the links to acknowledge that pages to a person have, and the share links that people make; see [tocsin.Config.PublicURL].
// Mount it at the path /a/ beneath that URL. The links need no login. Of c only Zone counts, for share links. c may be nil.
//
// A share link, beneath share/, shows how one capability stands: the priorities of what is open, by service, and whether somebody has it. It
// names no person, and shows nothing that a sender wrote, no id, no action and no reference. Its page is made anew every 30 seconds. It
// costs the store as much as a viewer of the dashboard: at most one read a second for all of a tenant.
//
// A link to acknowledge names its person.
// GET shows what would be acknowledged, and changes nothing, whoever follows the link: a scanner of mails, a preview of a chat. POST
// acknowledges by [tocsin.Engine.DoAs], as the person and via the channel of the page. A link that is not valid any more shows nothing of
// the incident and says what to do. The pages need no script, and no answer may be stored.
func Links(e *tocsin.Engine, c *Config) http.Handler {
	l := &linkPages{engine: e, boards: &dashboard{engine: e, boards: make(map[string]*board)}, zone: time.UTC, headers: linkHeaders(linkCSS)}
	if c != nil && c.Zone != nil {
		l.zone = c.Zone
	}
	return l
}

type linkPages struct {
	engine  *tocsin.Engine
	boards  *dashboard     // only its boards, for share links
	zone    *time.Location // of share links
	headers map[string]string
}

var (
	//go:embed link.html
	linkHTML string
	//go:embed link.css
	linkCSS string

	linkTemplate = template.Must(template.New("link").Parse(linkHTML))
)

// linkHeaders are those of a page with the style.
func linkHeaders(css string) map[string]string {
	sum := sha256.Sum256([]byte(css))
	style := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	return map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "default-src 'none'; style-src " + style + "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	}
}

// linkPage is what a page shows.
type linkPage struct {
	Status  int
	Class   string // of the style: unheld, and the priority
	Heading string
	Who     string // who has it
	Lines   []string
	Button  string // empty: there is nothing to do here
	Person  string // as whom it acts
}

// ServeHTTP implements http.Handler.
func (l *linkPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if shares(r) {
		l.serveShare(w, r)
		return
	}
	var p linkPage
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p = l.show(r.Context(), linkToken(r))
	case http.MethodPost:
		if err := linkOrigin(r); err != nil {
			p = linkPage{Status: http.StatusForbidden, Heading: "Not done", Lines: []string{"Another site sent this. Open the link from the message, and press the button there."}}
			break
		}
		p = l.acknowledge(r.Context(), linkToken(r))
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		p = linkPage{Status: http.StatusMethodNotAllowed, Heading: "Not done", Lines: []string{"Open the link from the message."}}
	}
	l.write(w, &p)
}

// linkToken returns the last part of the path, wherever the handler is mounted.
func linkToken(r *http.Request) string { return path.Base(r.URL.Path) }

// linkOrigin refuses a POST from the page of another site. A browser that sends no Sec-Fetch-Site has the origin null here, since the page
// sends no referrer; that says nothing of the origin, and the token in the path is proof enough.
func linkOrigin(r *http.Request) error {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
		r = r.Clone(r.Context())
		r.Header.Del("Origin")
	}
	return http.NewCrossOriginProtection().Check(r)
}

// show shows how things stand.
func (l *linkPages) show(ctx context.Context, token string) linkPage {
	link, err := l.engine.Link(ctx, token)
	if err != nil {
		return linkInvalid(err)
	}
	return linkStanding(&link, time.Now())
}

// acknowledge acknowledges, and shows what came of it.
func (l *linkPages) acknowledge(ctx context.Context, token string) linkPage {
	link, err := l.engine.Link(ctx, token)
	if err != nil {
		return linkInvalid(err)
	}
	err = l.engine.DoAs(ctx, link.Viewer(), respond.Acknowledge{Incident: link.Incident.ID, Via: linkVia(&link)})
	var refused *respond.RefusedError
	if err != nil && !errors.As(err, &refused) {
		return linkInvalid(err)
	}
	after := l.show(ctx, token)
	switch {
	case refused != nil && after.Status == http.StatusOK:
		after.Status = http.StatusConflict
		after.Lines = append([]string{"Not done: " + line.Of(refused.Reason) + "."}, after.Lines...)
	case refused == nil && after.Status == http.StatusServiceUnavailable:
		return linkPage{Status: http.StatusOK, Heading: "You have it", Lines: []string{"How things stand cannot be read now."}}
	}
	return after
}

func linkVia(l *tocsin.Link) string {
	if l.Via == "" {
		return "link"
	}
	return l.Via
}

// linkStanding says who has an incident, what happens next, and what the person may do.
func linkStanding(l *tocsin.Link, now time.Time) linkPage {
	inc := &l.Incident
	p := linkPage{
		Status: http.StatusOK, Class: "p" + strconv.Itoa(int(inc.Priority)), Heading: inc.Priority.String() + " " + line.Of(inc.Title),
		Person: line.Of(string(l.Person)),
	}
	var others []string
	mine := false
	for _, a := range inc.Escalation.Acks {
		if a.By == l.Person {
			mine = true
			p.Who = "You have it, since " + linkSince(a.At, now) + "."
			continue
		}
		others = append(others, line.Of(string(a.By))+" has it, since "+linkSince(a.At, now)+".")
	}
	switch {
	case inc.Phase == incident.Monitoring:
		p.Who, p.Lines = "It has recovered and is being watched.", append(others, "There is nothing to acknowledge.")
		return p
	case mine:
		p.Lines = append(others, "You may close this page.")
		return p
	case len(others) > 0:
		p.Who, p.Lines, p.Button = others[0], append(others[1:], "You need not answer. If you acknowledge too, both of you have it."), "Acknowledge too"
		return p
	}
	p.Class += " unheld"
	p.Who, p.Button = "Nobody has it.", "Acknowledge"
	if at := inc.Escalation.Position; l.Position.Level > 0 && at != l.Position {
		p.Lines = append(p.Lines, fmt.Sprintf("Since your page of %v it has gone on to %v.", l.Position, at))
	}
	switch next := inc.Escalation.Next; {
	case inc.Escalation.Status == escalate.Exhausted:
		p.Lines = append(p.Lines, "Everybody was asked, and nobody has answered.")
	case next.After(now):
		p.Lines = append(p.Lines, "The next level is asked in "+linkSpan(next.Sub(now))+", unless somebody acknowledges.")
	}
	return p
}

func linkSince(at, now time.Time) string {
	return at.UTC().Format("15:04 UTC") + " (" + linkSpan(now.Sub(at)) + " ago)"
}

// linkSpan formats a duration as people say it: seconds below two minutes only.
func linkSpan(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	}
	return strings.TrimSuffix(fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute), " 0 min")
}

// linkInvalid says what to do where a link cannot be followed. It tells nothing of the incident.
func linkInvalid(err error) linkPage {
	var bad *tocsin.LinkError
	var no *respond.ForbiddenError
	switch {
	case errors.As(err, &bad):
	case errors.Is(err, tocsin.ErrNotFound):
		bad = &tocsin.LinkError{Fault: tocsin.LinkEnded}
	case errors.As(err, &no):
		return linkPage{Status: http.StatusForbidden, Heading: "You may not acknowledge this", Lines: []string{"Nothing was changed. Ask whoever runs this service."}}
	default:
		return linkPage{Status: http.StatusServiceUnavailable, Heading: "This does not work now", Lines: []string{
			"It is not known whether your answer was noted. Try again in a moment; if it fails, answer by another way: the escalation goes on.",
		}}
	}
	const newer = "Open the link of your latest message, or sign in and look there."
	switch bad.Fault {
	case tocsin.LinkTruncated:
		return linkPage{Status: http.StatusNotFound, Heading: "This link is not complete", Lines: []string{"Open it from the message again, or copy all of it."}}
	case tocsin.LinkForeign:
		return linkPage{Status: http.StatusNotFound, Heading: "This link is not valid here", Lines: []string{newer}}
	case tocsin.LinkExpired:
		return linkPage{Status: http.StatusGone, Heading: "This link has expired", Lines: []string{"A link lives for 24 hours. " + newer}}
	case tocsin.LinkUsed:
		return linkPage{Status: http.StatusGone, Heading: "This link was used", Lines: []string{"You had it, and do not have it any more. " + newer}}
	case tocsin.LinkStranger:
		return linkPage{Status: http.StatusGone, Heading: "This link is not valid any more", Lines: []string{"Whom it was made for is not listed any more."}}
	}
	return linkPage{Status: http.StatusGone, Heading: "This is over", Lines: []string{"What the link was for has ended. There is nothing to do."}}
}

// write sends a page about acknowledging, or about a link that shows nothing.
func (l *linkPages) write(w http.ResponseWriter, p *linkPage) { l.send(w, p.Status, linkTemplate, p) }

// send sends a page of a template.
func (l *linkPages) send(w http.ResponseWriter, status int, t *template.Template, page any) {
	var b bytes.Buffer
	err := t.Execute(&b, struct {
		Page  any
		Style template.CSS
	}{page, template.CSS(linkCSS)})
	for name, value := range l.headers {
		w.Header().Set(name, value)
	}
	if err != nil { // texts only: cannot happen
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
