package intake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/tocsin-dev/tocsin/event"
)

const fuzzDepth = 32

// sound checks every decoder: two runs give the same result, and the engine refuses no event and no finding.
func sound(t *testing.T, decode func() (*batch, error)) {
	t.Helper()
	fitted := func() (*batch, error) {
		b, err := decode()
		if err == nil {
			b.fit()
		}
		return b, err
	}
	b, err := fitted()
	again, errAgain := fitted()
	if (err == nil) != (errAgain == nil) {
		t.Fatalf("two decodings of one body differ: %v, %v", err, errAgain)
	}
	if err != nil {
		return
	}
	if !reflect.DeepEqual(b, again) {
		t.Fatalf("two decodings of one body differ: %+v, %+v", b, again)
	}
	if len(b.events) != len(b.places) || len(b.events) > maxEvents {
		t.Fatalf("%d events at %d places", len(b.events), len(b.places))
	}
	for _, finding := range b.findings("fuzz", "prod", len(b.events)+b.bad) {
		if err := finding.Check(); err != nil {
			t.Fatalf("a finding that cannot be stored: %v", err)
		}
	}
	for _, e := range b.events {
		if e.Type == "" || event.IsFinding(e.Type) || e.Intake != "" || e.Tenant != "" {
			t.Fatalf("%+v", e)
		}
		if err := e.Check(); err != nil {
			t.Fatalf("what we make of a body is refused: %v", err)
		}
	}
}

func FuzzCloudEventsStructured(f *testing.F) {
	h := http.Header{"Content-Type": {"application/cloudevents+json"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		sound(t, func() (*batch, error) { return decodeCloudEvents(h, bytes.NewReader(body), fuzzDepth) })
	})
}

func FuzzCloudEventsBatch(f *testing.F) {
	h := http.Header{"Content-Type": {"application/cloudevents-batch+json"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		sound(t, func() (*batch, error) { return decodeCloudEvents(h, bytes.NewReader(body), fuzzDepth) })
	})
}

func FuzzCloudEventsBinary(f *testing.F) {
	f.Fuzz(func(t *testing.T, attribute, text, contentType string, body []byte) {
		h := http.Header{
			"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"/s"}, "Ce-Type": {"t"},
			"Content-Type": {contentType}, "Ce-" + attribute: {text},
		}
		sound(t, func() (*batch, error) { return decodeCloudEvents(h, bytes.NewReader(body), fuzzDepth) })
	})
}

// everything maps each field from a member that a fuzzer can reach.
func everything() *Mapping {
	return &Mapping{
		Each: `body.?each.orValue([body])`, Type: `item.?type`, Summary: `item.?summary`, Severity: `item.?severity`, Subject: `item.?subject`,
		Source: `item.?source`, ID: `item.?id`, Signal: `item.?signal`, Time: `item.?time`, DedupKey: `item.?key`,
		Labels: `item.?labels`, Links: `item.?links`, Data: `item.?data`,
	}
}

func FuzzJSON(f *testing.F) {
	m, err := everything().compile()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sound(t, func() (*batch, error) {
			b := &batch{unit: "events", maxDepth: fuzzDepth}
			return b, b.readMapped(m, map[string]string{}, bytes.NewReader(body))
		})
	})
}

func FuzzMapping(f *testing.F) {
	f.Fuzz(func(t *testing.T, expression, body string) {
		m, err := (&Mapping{Type: `"t"`, Summary: expression, Labels: expression, Links: expression, Time: expression}).compile()
		if err != nil {
			return
		}
		sound(t, func() (*batch, error) {
			b := &batch{unit: "events", maxDepth: fuzzDepth}
			return b, b.readMapped(m, map[string]string{"host": "example.com"}, strings.NewReader(body))
		})
	})
}

func FuzzHeartbeat(f *testing.F) {
	f.Fuzz(func(t *testing.T, url string) {
		sound(t, func() (*batch, error) { return decodeHeartbeat(url) })
	})
}

// FuzzPagerDuty: whatever a body says, its command has an id that can be stored, and its signature is that of no other body.
func FuzzPagerDuty(f *testing.F) {
	f.Add([]byte(`{"event":{"id":"1","event_type":"incident.acknowledged","occurred_at":"2026-05-04T10:00:00Z",` +
		`"agent":{"id":"PANA001","type":"user_reference"},"data":{"incident_key":"INC-7"}}}`))
	f.Add([]byte(`{"event":{"id":"1","event_type":"pagey.ping","agent":null,"data":{"type":"ping"}}}`))
	secrets := []string{"old", "new"}
	f.Fuzz(func(t *testing.T, body []byte) {
		mac := hmac.New(sha256.New, []byte("new"))
		mac.Write(body)
		header := "v1=" + hex.EncodeToString(mac.Sum(nil))
		if !signedBy(secrets, header, body) || signedBy(secrets, header, append(bytes.Clone(body), 0)) || signedBy(secrets, string(body), body) {
			t.Fatalf("signature of %q", body)
		}
		ev, err := decodePagerDuty(body, fuzzDepth)
		if err != nil {
			return
		}
		if c := ev.command(); c != nil && (c.Head().Incident != ev.Data.Key || c.Head().By != "" || event.CheckText(c.Head().ID, 255) != nil) {
			t.Fatalf("%+v", c)
		}
	})
}
