package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
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
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/line/linetest"
	"github.com/tocsin-dev/tocsin/notify"
	lognotify "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// heard is all that left an engine.
type heard struct {
	mu       sync.Mutex
	messages []notify.Message    // as notifiers got them
	bodies   map[string][]string // what each adapter sent for them, by adapter
	lines    []string            // what is made for people: explanations, timelines, log records, errors
	records  []string            // what programs read: incidents, alerts, entries, dead letters, rows of the store
	spans    []string
	answers  []string // of intakes and commands, to the caller, which holds what the caller sent
}

func (h *heard) say(to *[]string, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*to = append(*to, text)
}

// bare is a log handler that escapes nothing.
type bare struct {
	slog.Handler
	h *heard
}

func (b bare) Enabled(context.Context, slog.Level) bool { return true }
func (b bare) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b bare) WithGroup(string) slog.Handler            { return b }

func (b bare) Handle(_ context.Context, r slog.Record) error {
	b.h.say(&b.h.lines, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		b.h.say(&b.h.lines, a.Value.String())
		return true
	})
	return nil
}

// spy is a tracer that keeps what spans are given.
type spy struct {
	noop.TracerProvider
	h *heard
}

type spyTracer struct {
	noop.Tracer
	h *heard
}

type spySpan struct {
	noop.Span
	h *heard
}

func (s spy) Tracer(string, ...trace.TracerOption) trace.Tracer { return spyTracer{h: s.h} }

func (s spyTracer) Start(ctx context.Context, name string, o ...trace.SpanStartOption) (context.Context, trace.Span) {
	span := spySpan{h: s.h}
	span.SetName(name)
	c := trace.NewSpanStartConfig(o...)
	span.SetAttributes(c.Attributes()...)
	return ctx, span
}

func (s spySpan) IsRecording() bool                             { return true }
func (s spySpan) SetName(name string)                           { s.h.say(&s.h.spans, name) }
func (s spySpan) SetStatus(_ codes.Code, text string)           { s.h.say(&s.h.spans, text) }
func (s spySpan) SetAttributes(all ...attribute.KeyValue)       { s.h.say(&s.h.spans, fmt.Sprint(all)) }
func (s spySpan) AddEvent(name string, _ ...trace.EventOption)  { s.h.say(&s.h.spans, name) }
func (s spySpan) RecordError(err error, _ ...trace.EventOption) { s.h.say(&s.h.spans, err.Error()) }

// spiteful is an event with a text in every field that holds one, but for those of the program and closed lists.
func spiteful(text string) event.Event {
	e := event.Event{
		ID: text, Source: text, Type: "pay." + text, Subject: text, Severity: severity.Critical, Summary: text, DedupKey: text,
		Labels: map[string]string{text: text, "instance": text, "note": text, "token": text}, Data: map[string]any{text: text, "in": []any{map[string]any{"x": text, "apiKey": text}}},
		Links: []event.Link{{URL: "https://h.example/?x=1", Text: text}, {URL: "https://h.example/?x=" + text, Text: "url"}},
	}
	e.Fit()
	return e
}

// TestRow54EventIsFull: a new field of an event must be filled above.
func TestRow54EventIsFull(t *testing.T) {
	closed := map[string]bool{"Tenant": true, "Intake": true, "TraceParent": true, "Fires": true}
	e := reflect.ValueOf(spiteful("x"))
	for i := range e.NumField() {
		if kind := e.Field(i).Kind(); kind == reflect.String || kind == reflect.Map || kind == reflect.Slice {
			name := e.Type().Field(i).Name
			assert.Equal(t, closed[name], e.Field(i).Len() == 0, name)
		}
	}
}

// spitefulHouse is a catalog with a runbook whose action answers text, and asks a person.
func spitefulHouse() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "payments", Plan: "loud"},
		People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"rec:@ana", "log:@ana"}}, "ben": {Contacts: []escalate.Contact{"broken:@ben"}}},
		Teams:    map[string]catalog.Team{"payments": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}},
		Classes:  []event.Class{{Name: "pay.*"}, {Name: "plain.*"}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "two"}},
		Policies: map[string]escalate.Policy{"two": {Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"owner.lead"}, Wait: 3 * time.Minute},
		}}},
		Runbooks: map[string]automate.Runbook{
			"look": {Owner: "payments", Mode: automate.Auto, When: "true", Steps: []automate.Step{{Do: "act"}, {Ask: "is it so?"}}},
			"fail": {Owner: "payments", Mode: automate.Auto, When: "true", Steps: []automate.Step{{Do: "fail"}}},
		},
	}
}

// spite runs an engine into which text comes by every way, and returns all that left it.
func spite(t *testing.T, text string) *heard {
	t.Helper()
	h := &heard{bodies: map[string][]string{}}
	rows := memory.New()
	logger := slog.New(bare{h: h})
	record := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.messages = append(h.messages, m)
		return notify.Receipt{}, nil
	})
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: spitefulHouse(), Store: rows, Logger: logger, TracerProvider: spy{h: h},
		Notifiers: map[string]notify.Notifier{
			"rec": record, "log": &lognotify.Notifier{Logger: logger},
			"broken": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
				return notify.Receipt{}, notify.Permanent(errors.New("refused: " + text))
			}),
		},
		Actions: map[string]automate.Action{
			"act": automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
				return automate.Result{Output: text}, nil
			}),
			"fail": automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
				return automate.Result{Output: text}, errors.New("failed: " + text)
			}),
		},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	h.comeIn(t, bell, text)
	h.respond(t, bell, text)
	h.read(t, bell, rows)
	cancel()
	require.NoError(t, <-done)
	h.send(t)
	return h
}

// comeIn brings a text in by every way.
func (h *heard) comeIn(t *testing.T, bell *tocsin.Engine, text string) {
	t.Helper()
	require.NoError(t, bell.Submit(t.Context(), spiteful(text)))
	unkeyed := spiteful(text)
	unkeyed.ID, unkeyed.DedupKey = "", ""
	require.NoError(t, bell.Submit(t.Context(), unkeyed))
	bell.Offer(spiteful("offered " + text))
	bad := spiteful(text)
	bad.Severity = 99
	if err := bell.Submit(t.Context(), bad); err != nil {
		h.say(&h.answers, err.Error())
	}
	slog.New(intake.Slog(bell, slog.DiscardHandler)).With("note", text, "token", text).WithGroup("g").Error(text, "x", text, "password", text, "err", errors.New(text))

	endpoint := &intake.Endpoint{Name: "prod", Open: true, Logger: slog.New(bare{h: h}), TracerProvider: spy{h: h}}
	mapped, err := intake.JSON(bell, endpoint, &intake.Mapping{Type: `"pay.json"`, Summary: "body.summary", Subject: "body.subject", Labels: "body.labels"})
	require.NoError(t, err)
	post := func(handler http.Handler, contentType string, body any) {
		doc, err := json.Marshal(body)
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(doc))).WithContext(t.Context())
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer "+url.QueryEscape(text))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		h.say(&h.answers, strings.TrimSpace(fmt.Sprint(w.Code, w.Body)))
	}
	post(mapped, "application/json", map[string]any{"summary": text, "subject": text, "labels": map[string]any{"a": text, "token": text, "list": []any{map[string]any{}}}, "password": text, "more": text})
	post(intake.CloudEvents(bell, endpoint), "application/cloudevents+json", map[string]any{
		"specversion": "1.0", "id": text, "source": text, "type": "pay." + text, "subject": text, "extension": text, "accesstoken": text, "severity": text,
		"data": map[string]any{"message": text, "secret": text},
	})
	post(intake.Alertmanager(bell, endpoint), "application/json", map[string]any{"version": "4", "externalURL": "https://u:" + url.PathEscape(text) + "@h", "alerts": []any{map[string]any{
		"status": "firing", "labels": map[string]string{"alertname": text, "instance": text, "token": text, "severity": text}, "annotations": map[string]string{"summary": text, "password": text, "x_url": "https://h/?token=" + url.QueryEscape(text)},
		"generatorURL": "https://u:" + url.PathEscape(text) + "@h/?api_key=" + url.QueryEscape(text), "startsAt": text,
	}}})
	post(intake.Alertmanager(bell, endpoint), "application/json", text)
	time.Sleep(time.Minute)
	synctest.Wait()
}

// respond lets a person answer with the text.
func (h *heard) respond(t *testing.T, bell *tocsin.Engine, text string) {
	t.Helper()
	do := func(c respond.Command) {
		if err := bell.Do(t.Context(), c); err != nil {
			h.say(&h.answers, err.Error())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	}
	list, err := bell.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	require.NotEmpty(t, list)
	id := list[0].ID
	for _, run := range list[0].Runs {
		do(respond.Answer{Incident: id, Run: run.ID, Step: 2, By: "ana", Note: text})
	}
	do(respond.StartRun{Incident: id, Runbook: "look", By: "ana"})
	do(respond.StopRun{Incident: id, Run: text, By: "ana", Because: text})
	do(respond.Acknowledge{Incident: id, By: "ana", Via: text})
	do(respond.Reprioritise{Incident: id, By: "ana", Priority: severity.P2, Because: text})
	do(respond.KillSwitch{By: "ana", Because: text})
	do(respond.Acknowledge{Incident: text, By: "ana"})
	time.Sleep(10 * time.Minute) // the other incidents reach ben, whose channel fails
	do(respond.Resolve{Incident: id, By: "ana", Alerts: true, Override: text})
}

// read asks for all that can be read.
func (h *heard) read(t *testing.T, bell *tocsin.Engine, rows store.Store) {
	t.Helper()
	show := func(v any) {
		doc, err := json.Marshal(v)
		require.NoError(t, err)
		h.say(&h.records, string(doc))
	}
	list, err := bell.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	for _, inc := range list {
		show(inc)
		h.say(&h.lines, inc.Reason())
		entries, err := bell.Timeline(t.Context(), inc.ID)
		require.NoError(t, err)
		for i := range entries {
			show(entries[i])
			h.say(&h.lines, entries[i].Line(inc.Detected))
		}
		explained, err := bell.Explain(t.Context(), inc.ID)
		require.NoError(t, err)
		h.lines = append(h.lines, strings.Split(explained, "\n")...)
	}
	for letter, err := range bell.DeadLetters(t.Context(), "") {
		require.NoError(t, err)
		show(letter)
	}
	for _, kind := range []string{core.KindAlert, core.KindGroup, core.KindIncident, core.KindChange, core.KindPlan, core.KindLedger, core.KindSwitch, store.KindTask} {
		q := store.Query{Kind: kind}
		for {
			found, err := rows.Read(t.Context(), q)
			require.NoError(t, err)
			if len(found) == 0 {
				break
			}
			for _, row := range found {
				h.say(&h.records, fmt.Sprintf("%+v %+v", row.Key, row.Rec))
				show(row.Rec)
				if task, ok := row.Rec.(store.Task); ok {
					h.say(&h.records, string(task.Payload))
				}
				for _, entry := range row.Entries {
					h.say(&h.records, string(entry.Doc))
				}
				if kind == core.KindAlert {
					explained, err := bell.Explain(t.Context(), row.Key.ID)
					require.NoError(t, err)
					h.lines = append(h.lines, strings.Split(explained, "\n")...)
				}
			}
			q.After = found[len(found)-1].Cursor
		}
	}
}

// send passes all messages to all adapters, and keeps what these send.
func (h *heard) send(t *testing.T) {
	t.Helper()
	require.NotEmpty(t, h.messages)
	for _, a := range adapters {
		n := a.make("https://provider.example/bell", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			h.bodies[a.name] = append(h.bodies[a.name], string(body))
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, err
		})})
		seen := map[string]bool{}
		for _, m := range h.messages {
			if what := string(m.Kind) + string(m.Occasion); !seen[what] {
				seen[what] = true
				_, _ = n.Notify(t.Context(), m)
			}
		}
	}
}

// textsOf returns the texts in the body of a request.
func textsOf(body string) (texts []string) {
	var doc any
	if json.Unmarshal([]byte(body), &doc) == nil {
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case string:
				texts = append(texts, v)
			case []any:
				for _, element := range v {
					walk(element)
				}
			case map[string]any:
				for _, member := range v {
					walk(member)
				}
			}
		}
		walk(doc)
		return texts
	}
	form, _ := url.ParseQuery(body)
	for _, values := range form {
		texts = append(texts, values...)
	}
	return append(texts, body)
}

// TestRow54: 200 hostile texts come in by every way, and nothing hostile comes out where people read: no control character, no forged
// line.
func TestRow54(t *testing.T) {
	lines, sent := 0, 0
	texts := linetest.Texts()
	if testing.Short() {
		texts = texts[:len(texts)/5]
	}
	for some := range slices.Chunk(texts, 4) {
		text := "down " + strings.Join(some, " ")
		synctest.Test(t, func(t *testing.T) {
			h := spite(t, text)
			judge := func(where, text string) {
				for line := range strings.SplitSeq(text, "\n") {
					if what := linetest.Hostile(line); what != "" {
						t.Errorf("%q in %s: %s in %q", text, where, what, line)
					}
					if strings.HasPrefix(strings.TrimSpace(line), linetest.Forged) {
						t.Errorf("%q in %s forges the line %q", text, where, line)
					}
				}
			}
			for _, line := range append(h.lines, h.answers...) {
				lines++
				judge("a line", line)
				require.NotContains(t, line, "\n", "it is one line")
			}
			for name, bodies := range h.bodies {
				for _, body := range bodies {
					sent++
					if name == "webhook" { // a document for programs
						continue
					}
					for _, text := range textsOf(body) {
						judge(name, strings.ReplaceAll(text, "@\u2060", "@")) // Telegram's own
					}
				}
			}
			for _, m := range h.messages {
				judge("the title", m.Title)
				judge("the text", m.Text)
				judge("the reason", m.Why)
			}
		})
	}
	t.Logf("%d hostile texts, %d lines and %d requests to services looked at, 0 control characters", len(texts), lines, sent)
}

const ourCanary = "CANARY0123456789"

// secretForms are the forms in which a secret comes.
func secretForms() []string {
	return []string{
		"password=" + ourCanary, `{"token": "` + ourCanary + `"}`, `the apiKey: "` + ourCanary + " " + ourCanary + `" failed`, "Authorization: Bearer " + ourCanary,
		"bearer " + ourCanary, "https://ana:" + ourCanary + "@h.example/p?access_token=" + ourCanary, "Cookie: a=" + ourCanary + "; b=" + ourCanary,
		"AKIA" + ourCanary, "-----BEGIN PRIVATE KEY-----\n" + ourCanary + "\n-----END PRIVATE KEY-----", "login --password " + ourCanary,
		"ｐａｓｓｗｏｒｄ：" + ourCanary, "pass\u200bwo\u00adrd=" + ourCanary, "pаsswоrd=" + ourCanary, "<secret>" + ourCanary + "</secret>",
		"- name: DB_PASSWORD\n  value: " + ourCanary, `{\"credentials\":{\"x\":\"` + ourCanary + `\"}}`, "DB_PASSWORD_2='" + ourCanary + " x'", "x-api-key: " + ourCanary,
	}
}

// TestNoCanary: a secret in every usual form comes in by every way and in every field, and comes out nowhere: not in records, timelines,
// explanations, log records, spans, dead letters or what any adapter sends.
func TestNoCanary(t *testing.T) {
	looked := 0
	for _, text := range secretForms() {
		synctest.Test(t, func(t *testing.T) {
			h := spite(t, text)
			for where, texts := range map[string][]string{"lines": h.lines, "records": h.records, "spans": h.spans} {
				require.NotEmpty(t, texts, where)
				h.bodies[where] = texts
			}
			for where, texts := range h.bodies {
				for _, out := range texts {
					looked++
					if before, _, found := strings.Cut(out, "CANARY"); found {
						t.Errorf("%q: a canary in %s after %q", text, where, before[max(len(before)-120, 0):])
					}
				}
			}
		})
	}
	t.Logf("%d forms of secrets, %d texts looked at, 0 canaries", len(secretForms()), looked)
}
