package slackapp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/slackapp"
	"github.com/tocsin-dev/tocsin/respond"
)

// desk stands in for an engine, and counts the clicks that reach it.
type desk struct {
	clicks int
	within time.Duration // the time that the last click had left
}

func (d *desk) Known(name escalate.PersonID) (escalate.PersonID, bool) { return "ana", name == ana }

func (d *desk) Incident(_ context.Context, id string) (incident.Incident, error) {
	return incident.Incident{ID: id}, nil
}

func (d *desk) Incidents(context.Context, tocsin.Query) ([]incident.Incident, error) { return nil, nil }

func (d *desk) DoAs(ctx context.Context, _ respond.Viewer, _ respond.Command) error {
	d.clicks++
	if end, ok := ctx.Deadline(); ok {
		d.within = time.Until(end)
	}
	return nil
}

const aClick = `{"type":"block_actions","team":{"id":"T0SHOP0000"},"user":{"id":"U0ANA00000","team_id":"T0SHOP0000"},` +
	`"actions":[{"type":"button","action_id":"tocsin-ack","block_id":"tocsin-answer-0","value":"{\"incident\":\"INC-7\"}","action_ts":"1"}]}`

// TestRequestsThatAreNotSlack: nothing reaches the engine of a request without a right signature, and each is refused by name.
func TestRequestsThatAreNotSlack(t *testing.T) {
	app := newSlack(t).app(t)
	d := &desk{}
	h := app.Handler(d)
	now := time.Now()
	change := func(f func(*http.Request)) *http.Request {
		r := signed(aClick, now)
		f(r)
		return r
	}
	other := signed(strings.Replace(aClick, "INC-7", "INC-8", 1), now)
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		said   string
	}{
		{"a forged signature", change(func(r *http.Request) {
			r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64))
		}), 401, "signature: missing or wrong"},
		{"no signature", change(func(r *http.Request) { r.Header.Del("X-Slack-Signature") }), 401, "signature: missing or wrong"},
		{"no time", change(func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }), 401, "signature: missing or wrong"},
		{"half a signature", change(func(r *http.Request) {
			r.Header.Set("X-Slack-Signature", r.Header.Get("X-Slack-Signature")[:20])
		}), 401, "signature: missing or wrong"},
		{"the signature of another body", change(func(r *http.Request) { r.Header = other.Header }), 401, "signature: missing or wrong"},
		{"another time", change(func(r *http.Request) {
			r.Header.Set("X-Slack-Request-Timestamp", signed(aClick, now.Add(time.Second)).Header.Get("X-Slack-Request-Timestamp"))
		}), 401, "signature: missing or wrong"},
		{"a stale time", signed(aClick, now.Add(-6*time.Minute)), 401, "signature: its time is more than 5 minutes away"},
		{"a time ahead", signed(aClick, now.Add(6*time.Minute)), 401, "signature: its time is more than 5 minutes away"},
		{"a truncated payload", signed(aClick[:100], now), 400, "payload: malformed"},
		{"no payload", signed("", now), 400, "payload: malformed"},
		{"another value", signed(strings.Replace(aClick, `{\"incident\":\"INC-7\"}`, `INC-7`, 1), now), 400, "payload: the button is none of this app"},
		{"another method", change(func(r *http.Request) { r.Method = http.MethodGet }), 405, "method: expected POST"},
		{"another content type", change(func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }), 415, "Content-Type"},
		{"too large", signed(strings.Repeat(" ", 2<<20), now), 400, "body: not received"},
	} {
		w := deliver(h, c.r)
		assert.Equal(t, c.status, w.Code, c.name)
		assert.Contains(t, w.Body.String(), c.said, c.name)
		assert.NotContains(t, w.Body.String(), signingSecret, c.name)
		assert.Zero(t, d.clicks, c.name)
	}
	taken(t, deliver(h, signed(aClick, now)))
	assert.Equal(t, 1, d.clicks, "the genuine one")
	upper := signed(aClick, now)
	upper.Header.Set("X-Slack-Signature", "v0="+strings.ToUpper(upper.Header.Get("X-Slack-Signature")[3:]))
	for name, r := range map[string]*http.Request{"sent again": signed(aClick, now), "sent again in capitals": upper} {
		w := deliver(h, r)
		assert.Equal(t, 409, w.Code, name)
		assert.Equal(t, "signature: used before\n", w.Body.String(), name)
	}
	assert.Equal(t, 1, d.clicks)
	for _, quiet := range []string{`{"type":"view_closed"}`, strings.Replace(aClick, "tocsin-ack", "tocsin-open", 1)} {
		taken(t, deliver(h, signed(quiet, now)))
	}
	assert.Equal(t, 1, d.clicks, "other interactions are answered, and change nothing")
}

// TestClosedByDefault: an app without a signing secret or a Team takes no clicks.
func TestClosedByDefault(t *testing.T) {
	for name, change := range map[string]func(*slackapp.App){
		"no secret": func(a *slackapp.App) { a.SigningSecret = notify.NewSecret("\n") },
		"no team":   func(a *slackapp.App) { a.Team = "" },
	} {
		app, d := newSlack(t).app(t), &desk{}
		change(app)
		w := deliver(app.Handler(d), signed(aClick, time.Now()))
		assert.Equal(t, 401, w.Code, name)
		assert.Equal(t, "the app has no signing secret, or no Team\n", w.Body.String(), name)
		assert.Zero(t, d.clicks, name)
	}
}

// rigid is an http.ResponseWriter that cannot flush.
type rigid struct{ http.ResponseWriter }

// TestAWriterThatCannotFlush: there Slack gets its answer after the engine, which has less than 3 seconds.
func TestAWriterThatCannotFlush(t *testing.T) {
	app, d := newSlack(t).app(t), &desk{}
	w := httptest.NewRecorder()
	app.Handler(d).ServeHTTP(rigid{w}, signed(aClick, time.Now()))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, 1, d.clicks)
	assert.Positive(t, d.within)
	assert.LessOrEqual(t, d.within, 2*time.Second)
}

// TestRunSaysWhatIsMissing: a connection that cannot succeed is an error that shows no token.
func TestRunSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*slackapp.App)
		want   string
	}{
		{"no token", func(a *slackapp.App) { a.AppToken = notify.Secret{} }, "slackapp: run: the app-level token is missing, expected one that begins with xapp-"},
		{"a token of a bot", func(a *slackapp.App) { a.AppToken = notify.NewSecret("xoxb-canary") }, "slackapp: run: the app-level token is malformed, expected one that begins with xapp-"},
		{"no team", func(a *slackapp.App) { a.Team = "" }, "slackapp: run: Team is missing, expected the id of the workspace, such as T012AB3CD"},
		{"a token that Slack refuses", func(a *slackapp.App) { a.AppToken = notify.NewSecret("xapp-canary") }, "slackapp: run: the token is not valid"},
	} {
		app := newSlack(t).app(t)
		c.change(app)
		assert.EqualError(t, app.Run(t.Context(), &desk{}), c.want, c.name)
	}
}

// FuzzPayload: a signed payload is answered or refused, and nothing of a refused one reaches the engine.
func FuzzPayload(f *testing.F) {
	f.Add(aClick)
	f.Add(`{"type":"block_actions","actions":[{"block_id":1}],"message":{"blocks":[{"type":"actions","elements":null}]}}`)
	f.Add(`{"type":"view_submission","state":"x"}`)
	f.Add(`{"type":"block_actions","actions":null,"message":{"blocks":[{"type":"rich_text","elements":[{}]}]}}`)
	client := &http.Client{Transport: nowhere{}}
	f.Fuzz(func(t *testing.T, payload string) {
		app := &slackapp.App{Token: notify.NewSecret("xoxb-1"), SigningSecret: notify.NewSecret(signingSecret), Team: team, Client: client}
		d := &desk{}
		w := deliver(app.Handler(d), signed(payload, time.Now()))
		if w.Code != 200 && w.Code != 400 || w.Code == 400 && d.clicks > 0 {
			t.Fatalf("status %d after %d clicks", w.Code, d.clicks)
		}
	})
}

// nowhere answers every call as Slack does.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}, nil
}
