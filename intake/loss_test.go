package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/severity"
)

func alertWith(labels, annotations map[string]string) string {
	text, _ := json.Marshal(map[string]any{
		"status": "firing", "labels": labels, "annotations": annotations, "startsAt": "2026-05-04T10:00:00Z", "fingerprint": "0000000000000001",
	})
	return string(text)
}

func TestALongFieldCostsOnlyItself(t *testing.T) {
	long := strings.Repeat("x", 5000)
	eighty := map[string]string{"summary": "s"}
	for i := range 20 {
		eighty[fmt.Sprintf("note%d", i)] = strings.Repeat("x", 4000)
	}
	for _, tt := range []struct {
		name, alert string
		cut         string
		check       func(t *testing.T, e event.Event)
	}{
		{"address for an instance", alertWith(map[string]string{"alertname": "ProbeFailed", "instance": "https://shop.example.com/?q=" + strings.Repeat("x", 300)}, nil), "subject", func(t *testing.T, e event.Event) {
			assert.Contains(t, e.Subject, "https://shop.example.com/?q=xx")
			assert.Len(t, e.Labels["instance"], 328, "a label may be longer")
		}},
		{"label", alertWith(map[string]string{"alertname": "Down", "query": long}, nil), "labels.query", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Labels["query"], 4096)
		}},
		{"annotations", alertWith(map[string]string{"alertname": "Down"}, eighty), "data", func(t *testing.T, e event.Event) {
			assert.Len(t, e.Data["annotations"], 21, "all of them, shorter")
			assert.Contains(t, e.Data, "groupKey")
		}},
		{"name", alertWith(map[string]string{"alertname": long[:300]}, map[string]string{"summary": "s"}), "type", func(t *testing.T, e event.Event) {
			assert.True(t, strings.HasPrefix(e.Type, "alertmanager.xxx"), "a class alertmanager.* still has it")
			assert.Contains(t, e.Type, "~")
		}},
		{"fingerprint", `{"labels":{"alertname":"Down"},"fingerprint":"` + long + `"}`, "dedup key", func(t *testing.T, e event.Event) { assert.Contains(t, e.DedupKey, "~") }},
		{"status", `{"labels":{"alertname":"Down"},"status":{}}`, "status", func(t *testing.T, e event.Event) { assert.Equal(t, event.Trigger, e.Signal) }},
		{"begin", `{"labels":{"alertname":"Down"},"startsAt":"soon"}`, "startsAt", func(t *testing.T, e event.Event) {
			assert.Zero(t, e.Time)
			assert.Equal(t, "soon", e.Data["startsAt"])
		}},
		{"annotations that are none", `{"labels":{"alertname":"Down"},"annotations":[1]}`, "annotations", nil},
		{"numbers for labels", `{"labels":{"alertname":"Down","port":9100,"up":false,"big":123456789012345678901},"startsAt":1777881600}`, "", func(t *testing.T, e event.Event) {
			assert.Equal(t, map[string]string{"alertname": "Down", "port": "9100", "up": "false", "big": "123456789012345678901"}, e.Labels)
			assert.EqualValues(t, 1777881600, e.Time.Unix())
		}},
		{"no labels", `{"annotations":{"summary":"s"}}`, "", func(t *testing.T, e event.Event) { assert.Equal(t, event.Unclassified, e.Type) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(nil)
			w := e.post(notice(tt.alert))
			assert.Equal(t, http.StatusOK, w.Code, w.Body.String())
			alerts, findings := e.stored.split()
			require.Len(t, alerts, 1)
			if tt.check != nil {
				tt.check(t, alerts[0])
			}
			if tt.cut == "" {
				assert.Empty(t, findings)
				assert.NotContains(t, alerts[0].Data, "tocsin.cut")
				return
			}
			assert.Equal(t, tt.cut, alerts[0].Data["tocsin.cut"])
			require.Len(t, findings, 1)
			assert.Equal(t, "tocsin.loss", findings[0].Type)
			assert.Equal(t, severity.Error, findings[0].Severity)
			assert.Contains(t, findings[0].Summary, "1 of 1 alerts cut, such as alerts[0]: "+tt.cut+": ")
		})
	}
}

func TestLossesAreToldByWhatWasLost(t *testing.T) {
	long := strings.Repeat("x", 5000)
	cut := func(name, label string) string {
		return alertWith(map[string]string{"alertname": name, label: long}, nil)
	}
	e := alertmanager(nil)
	require.Equal(t, http.StatusOK, e.post(notice(cut("Down", "a"), cut("Down", "a"), cut("Slow", "a"), cut("Down", "b"), `7`, good)).Code)
	_, findings := e.stored.split()
	var subjects []string
	for _, f := range findings {
		subjects = append(subjects, f.Subject)
	}
	assert.ElementsMatch(t, []string{
		"prod alertmanager.Down labels.a", "prod alertmanager.Slow labels.a", "prod alertmanager.Down labels.b", "prod alerts malformed",
	}, subjects)
	again := slices.IndexFunc(findings, func(f event.Event) bool { return f.Subject == subjects[1] })
	assert.Contains(t, findings[again].Summary, "alertmanager: 2 of 6 alerts cut, such as alerts[0]: labels.a: 5000 bytes, expected at most 4096; alerts[1]: ")

	var many []string
	for i := range 30 {
		many = append(many, cut(fmt.Sprintf("A%d", i), "a"))
	}
	e = alertmanager(nil)
	require.Equal(t, http.StatusOK, e.post(notice(many...)).Code)
	_, findings = e.stored.split()
	require.Len(t, findings, 21, "one body cannot start a flood of findings")
	assert.Contains(t, findings[20].Summary, "10 further losses in one body of 30 alerts")

	e = alertmanager(nil)
	e.post(strings.Replace(notice(good), `"truncatedAlerts":0`, `"truncatedAlerts":7`, 1))
	_, findings = e.stored.split()
	require.Len(t, findings, 1)
	assert.Equal(t, `prod {}/{team="data"}:{team="data"} truncated`, findings[0].Subject)

	e = serve("cloudevents", intake.CloudEvents, nil)
	assert.Equal(t, http.StatusBadRequest, e.do(inOne(structured(map[string]any{"id": nil}))).Code)
	_, findings = e.stored.split()
	require.Len(t, findings, 1)
	assert.Equal(t, "prod shop.order.stuck malformed", findings[0].Subject)
}

// Whatever a sender puts into its fields, the engine takes the event.
func TestEveryFieldMayBeOdd(t *testing.T) {
	leaf := rapid.Custom(func(t *rapid.T) any {
		return rapid.SampledFrom([]any{
			nil, true, 7, -1.5, json.Number("1e999"), json.Number("123456789012345678901234567890"), "", "x", "resolve", "ok", "\u202e\x00",
			strings.Repeat("x", 256), strings.Repeat("ä", 5000), strings.Repeat("y", 70_000), "javascript:x", " https://example.com ",
			"0001-01-01T00:00:00Z", "9999-12-31T23:59:59-09:00",
			[]any{},
			map[string]any{},
		}).Draw(t, "leaf")
	})
	value := rapid.OneOf(leaf, rapid.Map(rapid.SliceOfN(leaf, 0, 6), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b_url", "class", "alertname", "instance", strings.Repeat("n", 300)}), leaf, 0, 6), func(m map[string]any) any { return m }))
	mapping := intake.Mapping{
		Type: `body.?type`, Summary: `body.?summary`, Severity: `body.?severity`, Subject: `body.?subject`, Source: `body.?source`, ID: `body.?id`,
		Signal: `body.?signal`, Time: `body.?time`, DedupKey: `body.?dedupkey`, Labels: `body.?labels`, Links: `body.?links`, Data: `body.?data`,
	}
	from := asJSON(mapping)
	rapid.Check(t, func(t *rapid.T) {
		fields := func(names ...string) map[string]any {
			m := map[string]any{}
			for _, name := range names {
				m[name] = value.Draw(t, name)
			}
			return m
		}
		alert := fields("status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint")
		alert["labels"] = map[string]any{"alertname": leaf.Draw(t, "alertname"), "x": leaf.Draw(t, "x"), "job": "j"}
		body, _ := json.Marshal(alert)
		e := alertmanager(nil)
		e.post(notice(string(body)))
		alerts, _ := e.stored.split()
		if len(alerts) != 1 {
			t.Fatalf("alertmanager: %s is lost", body)
		}

		sent := fields("type", "summary", "severity", "subject", "source", "id", "signal", "time", "dedupkey", "labels", "links", "data")
		body, _ = json.Marshal(sent)
		e = serve("json", from, nil)
		w := e.post(string(body))
		if alerts, findings := e.stored.split(); len(alerts) != 1 && !strings.Contains(w.Body.String(), "could hit another alert") || len(findings) == 0 && len(alerts) == 0 {
			t.Fatalf("json: %s is lost: %s", body, w.Body)
		}

		maps := map[string]any{"specversion": "1.0", "id": "1", "source": "s", "type": "t"}
		for _, name := range []string{"summary", "severity", "subject", "signal", "time", "dedupkey", "x", "data"} {
			maps[name] = sent[name]
		}
		body, _ = json.Marshal(maps)
		e = serve("cloudevents", intake.CloudEvents, nil)
		w = e.do(inOne(string(body)))
		if alerts, _ := e.stored.split(); len(alerts) != 1 && !strings.Contains(w.Body.String(), "could hit another alert") {
			t.Fatalf("cloudevents: %s is lost: %s", body, w.Body)
		}
	})
}

// A number that no double holds becomes a text, and costs nothing else, wherever it stands.
func TestNumbersStayAsTheyAre(t *testing.T) {
	e := serve("json", asJSON(intake.Mapping{Type: `"plain." + body.what`, Summary: `body.text`, Time: `body.at`}), nil)
	require.Equal(t, http.StatusOK, e.post(`{"what":"x","text":"s","n":1e999,"big":123456789012345678901234567890,"small":1e-999,"at":1777881600}`).Code)
	alerts, findings := e.stored.split()
	require.Len(t, alerts, 1)
	assert.Len(t, findings, 1)
	assert.Equal(t, "plain.x", alerts[0].Type)
	assert.Equal(t, "s", alerts[0].Summary)
	assert.NotZero(t, alerts[0].Time)
	assert.Equal(t, "123456789012345678901234567890", alerts[0].Data["big"])
	assert.Equal(t, "1e999", alerts[0].Data["n"])
}

// An event may name many resources; all of them reach the data and the expressions.
func TestListsOfAMapping(t *testing.T) {
	const body = `{"detail-type":"x","resources":["arn:a","arn:b","arn:c"]}`
	e := serve("json", asJSON(intake.Mapping{Type: `"aws"`, Subject: `body.resources[0]`, Labels: `{"all": body.resources}`}), nil)
	require.Equal(t, http.StatusOK, e.post(body).Code)
	require.Len(t, e.stored.events, 1)
	assert.Equal(t, []any{"arn:a", "arn:b", "arn:c"}, e.stored.events[0].Data["resources"])
	assert.Equal(t, "arn:a", e.stored.events[0].Subject)
	assert.Equal(t, "arn:a, arn:b, arn:c", e.stored.events[0].Labels["all"])

	e = serve("json", asJSON(intake.Mapping{Each: `body.resources`, Type: `"aws"`, Subject: `item`}), nil)
	require.Equal(t, http.StatusOK, e.post(body).Code)
	assert.Len(t, e.stored.events, 3)
}

// picky refuses an event of the engine's own accord, as for a quota.
type picky struct{ *recorder }

func (p picky) Submit(ctx context.Context, events ...event.Event) error {
	if !event.IsFinding(events[0].Type) {
		return &event.RejectedError{Index: 0, Field: "tenant", Reason: "over its quota"}
	}
	return p.recorder.Submit(ctx, events...)
}

func TestARefusalOfTheEngineIsALoss(t *testing.T) {
	stored := &recorder{}
	h := intake.Alertmanager(picky{stored}, &intake.Endpoint{Name: "prod", Open: true})
	h.ServeHTTP(httptest.NewRecorder(), request(notice(good, good)))
	require.Len(t, stored.events, 1)
	assert.Equal(t, "prod alertmanager.QueueFull tenant", stored.events[0].Subject)
	assert.Contains(t, stored.events[0].Summary, "1 of 2 alerts refused, such as alerts[0]: tenant: over its quota")
}
