package intake_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/severity"
)

// wordly is a recorder whose catalog has a word for a severity.
type wordly struct{ recorder }

func (*wordly) SeverityOf(_, word string) (severity.Level, bool) {
	return severity.Critical, word == "sev-0"
}

func mapped(to intake.Submitter, e *intake.Endpoint) http.Handler {
	h, err := intake.JSON(to, e, &intake.Mapping{
		Each: "body.items", Type: "item.kind", Severity: `item.?level.orValue("")`, Subject: "item.host", Summary: `item.?title.orValue("")`,
	})
	if err != nil {
		panic(err)
	}
	return h
}

// rehearsed are requests without a token, for production and for a rehearsal.
var rehearsed = map[string]struct {
	build  func(intake.Submitter, *intake.Endpoint) http.Handler
	body   string
	header []string
	status int
	answer string // part of it
	events int    // with findings
}{
	"an alert": {intake.Alertmanager, notice(good), nil, 200, "", 1},
	"an alert with a secret": {
		intake.Alertmanager, notice(strings.Replace(good, `"instance":"mq-1"`, `"password":"hunter2","instance":"mq-1"`, 1)), nil, 200, "", 1,
	},
	"an alert beside a bad one":      {intake.Alertmanager, notice(good, `{"status":"melting"}`), nil, 200, "", 2},
	"no JSON":                        {intake.Alertmanager, `{"alerts":`, nil, 400, "ends too early", 1},
	"another content type":           {intake.Alertmanager, notice(good), []string{"Content-Type", "text/plain"}, 415, "Content-Type: expected application/json", 0},
	"too large":                      {intake.Alertmanager, strings.Repeat(" ", 1<<20) + notice(good), nil, 413, "expected at most 65536 bytes", 1},
	"a CloudEvent in headers":        {intake.CloudEvents, `{"summary":"x"}`, []string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "shop", "ce-type", "shop.down"}, 202, "", 1},
	"a mapping":                      {mapped, `{"items":[{"kind":"disk","host":"web-1","level":"sev-0"}]}`, nil, 200, "", 1},
	"a mapping that fails":           {mapped, `{"items":[{"kind":"disk","title":{"a":1}}]}`, nil, 200, "", 3},
	"a mapping that fails for all":   {mapped, `{"item":[]}`, nil, 400, "each", 1},
	"a mapping to something refused": {mapped, `{"items":[{"kind":"disk","host":"a","level":"ok"},{"kind":"disk","level":"ok"}]}`, nil, 400, "subject", 2},
}

// TestRehearsal: without a token, a rehearsal gets the answer and the events that a request with one gets, and leaves no trace.
func TestRehearsal(t *testing.T) {
	for name, tt := range rehearsed {
		t.Run(name, func(t *testing.T) {
			stored := &wordly{}
			real := tt.build(stored, &intake.Endpoint{Name: "prod", Bearer: []string{secret}, MaxBody: 64 << 10})
			w := httptest.NewRecorder()
			real.ServeHTTP(w, request(tt.body, tt.header...))
			require.Equal(t, tt.status, w.Code, "%s", w.Body)

			var log bytes.Buffer
			count, words := meters.New(), (&wordly{}).SeverityOf
			got := intake.Rehearse(func(to intake.Submitter) http.Handler {
				return tt.build(to, &intake.Endpoint{
					Name: "prod", Bearer: []string{secret}, MaxBody: 64 << 10, Rate: 1e-9, MeterProvider: count,
					Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
			}, words, request(tt.body, append(tt.header, "Authorization", "")...))
			assert.Equal(t, w.Code, got.Status)
			assert.Equal(t, w.Code >= 400, got.Refused())
			assert.Equal(t, line.Of(strings.TrimSpace(w.Body.String())), got.Answer)
			assert.Contains(t, got.Answer, tt.answer)
			assert.Len(t, got.Events, tt.events)
			assert.Equal(t, stored.events, got.Events)
			assert.Zero(t, count.Count("tocsin.intake.events"), "nothing is counted")
			assert.Empty(t, log.String(), "nothing is logged")
			for _, e := range got.Events {
				assert.NotContains(t, e.Labels, "hunter2")
				assert.NotEqual(t, "hunter2", e.Labels["password"])
			}
		})
	}
}

// TestRehearsalOfNobody: an intake without a name answers 401 in a rehearsal too, and reports it as in production, but for the log.
func TestRehearsalOfNobody(t *testing.T) {
	var log bytes.Buffer
	got := intake.Rehearse(func(to intake.Submitter) http.Handler {
		return intake.Alertmanager(to, &intake.Endpoint{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	}, nil, request(notice(good)))
	assert.Equal(t, 401, got.Status)
	require.Len(t, got.Events, 1)
	assert.Equal(t, "tocsin."+event.FindingRefusedInput, got.Events[0].Type)
	assert.Empty(t, log.String(), "nothing is logged")
}

// TestRehearsalOfTenants: a program may stand between the intake and the engine, as one does that gives events their tenant.
func TestRehearsalOfTenants(t *testing.T) {
	got := intake.Rehearse(func(to intake.Submitter) http.Handler {
		return intake.Alertmanager(&wrapped{to}, &intake.Endpoint{Name: "prod", Bearer: []string{secret}})
	}, nil, request(notice(good), "Authorization", ""))
	assert.Equal(t, 200, got.Status)
	require.Len(t, got.Events, 1)
	assert.Equal(t, "acme", got.Events[0].Tenant)
}

type wrapped struct{ to intake.Submitter }

func (w *wrapped) Submit(ctx context.Context, events ...event.Event) error {
	for i := range events {
		events[i].Tenant = "acme"
	}
	return w.to.Submit(ctx, events...)
}

// TestRehearsalEnds: a caller that goes away ends the rehearsal, and no value of its context reaches the intake.
func TestRehearsalEnds(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, 1))
	intake.Rehearse(func(intake.Submitter) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			assert.Nil(t, r.Context().Value(key{}))
			cancel()
			<-r.Context().Done()
		})
	}, nil, request("").WithContext(ctx))
}
