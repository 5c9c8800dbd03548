package event_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestConstructors(t *testing.T) {
	c := event.Class{Name: "payments.payout.stuck"}
	assert.Equal(t, event.Event{
		Type: "payments.payout.stuck", Summary: "payout waits", Labels: map[string]string{"merchant": "m-42", "env": "prod"},
	}, c.Trigger("payout waits", "merchant", "m-42", "env", "prod"))
	assert.Equal(t, event.Event{Type: c.Name, Signal: event.Resolve, Labels: map[string]string{"merchant": "m-42"}}, c.Resolve("merchant", "m-42"))
	assert.Equal(t, event.Event{Type: c.Name, Signal: event.Change, Summary: "rolled out"}, c.Change("rolled out"))
	assert.Equal(t, map[string]string{"merchant": "m-42", "!BADKEY": "odd"}, c.Trigger("", "merchant", "m-42", "odd").Labels)
}

func TestTriggerAndResolveMeetInOneKey(t *testing.T) {
	for name, c := range map[string]event.Class{
		"dedup fields":     {Name: "payments.payout.stuck", Dedup: []string{"labels.merchant"}},
		"missing field":    {Name: "payments.payout.stuck", Dedup: []string{"labels.merchant", "labels.nowhere"}},
		"service":          {Name: "payments.payout.stuck", Service: "checkout"},
		"nothing but name": {Name: "payments.payout.stuck"},
	} {
		t.Run(name, func(t *testing.T) {
			trigger, resolve := c.Trigger("payout waits", "merchant", "m-42"), c.Resolve("merchant", "m-42")
			assert.Equal(t, c.Key(&trigger), c.Key(&resolve))
		})
	}
}

// These keys must stay the same in all releases; another form would split every open alert.
func TestKeysAreStable(t *testing.T) {
	full := event.Event{
		DedupKey: "own key/with #", Subject: "db 1/a", Severity: severity.Error,
		Labels: map[string]string{"merchant": "m/42", "place": "Köln"},
		Data:   map[string]any{"attempt": 3, "payout": map[string]any{"id": 4711000.0, "late": true}},
	}
	noKey := full
	noKey.DedupKey = ""
	bare := event.Event{}
	for _, tt := range []struct {
		name  string
		class event.Class
		event event.Event
		want  string
	}{
		{"explicit key before all", event.Class{Name: "c", Dedup: []string{"subject"}, Service: "s"}, full, "own key/with #"},
		{"dedup fields before subject", event.Class{Name: "c", Dedup: []string{"labels.merchant", "labels.place"}, Service: "s"}, noKey, "c/m%2F42/K%C3%B6ln"},
		{"numbers and booleans of data", event.Class{Name: "c", Dedup: []string{"data.attempt", "data.payout.id", "data.payout.late"}}, noKey, "c/3/4711000/true"},
		{"missing field is empty", event.Class{Name: "c", Dedup: []string{"labels.none", "labels.merchant"}}, noKey, "c//m%2F42"},
		{"subject before service", event.Class{Name: "c", Service: "s"}, noKey, "c/db%201%2Fa"},
		{"service last", event.Class{Name: "c", Service: "s"}, bare, "c//s"},
		{"nothing known", event.Class{Name: "c"}, bare, "c//"},
		{"name is escaped too", event.Class{Name: "alertmanager.disk / full"}, bare, "alertmanager.disk%20%2F%20full//"},
		{
			"long",
			event.Class{Name: "c"},
			event.Event{Subject: strings.Repeat("x", 300)},
			"c/" + strings.Repeat("x", 220) + "~279c098bcaeb1af464aae7e322e194a0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.class.Key(&tt.event)) })
	}
}

func TestDefaultKeyIgnoresWhatChanges(t *testing.T) {
	c := event.Class{Name: "db.slow", Service: "ledger"}
	base := event.Event{Type: c.Name, Subject: "db-1"}
	other := event.Event{
		Type: c.Name, Subject: "db-1", ID: "2", Source: "elsewhere", Signal: event.Resolve, Severity: severity.Critical,
		Time: time.Unix(1, 0), Received: time.Unix(2, 0), Summary: "other text", Labels: map[string]string{"value": "97"},
		Data: map[string]any{"value": 97.1}, StaleAfter: time.Hour,
	}
	assert.Equal(t, c.Key(&base), c.Key(&other))
	base.Subject, other.Subject = "", ""
	assert.Equal(t, c.Key(&base), c.Key(&other))
}

// Values that a faulty escaping would merge: separators, escapes, empty text, arbitrary bytes.
func tricky() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "/", "//", "%", "%2F", "%25", "a", "a/b", "b", "a,b", "~", "\x00", "\xff", "ä"}),
		rapid.StringN(0, 20, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 400), func(b []byte) string { return string(b) }),
	)
}

func TestDifferentFieldsNeverShareAKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tuple := rapid.SliceOfN(tricky(), 3, 3)
		a, b := tuple.Draw(t, "a"), tuple.Draw(t, "b")
		c := event.Class{Name: "c", Dedup: []string{"labels.x", "labels.y", "subject"}}
		ea := event.Event{Labels: map[string]string{"x": a[0], "y": a[1]}, Subject: a[2]}
		eb := event.Event{Labels: map[string]string{"x": b[0], "y": b[1]}, Subject: b[2]}
		same := a[0] == b[0] && a[1] == b[1] && a[2] == b[2]
		if got := c.Key(&ea) == c.Key(&eb); got != same {
			t.Fatalf("keys equal: %v, fields equal: %v\n%q\n%q\n%s", got, same, a, b, c.Key(&ea))
		}
	})
}

func TestKeysAreShortAndReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := event.Class{Name: "c." + rapid.StringN(0, 250, 250).Draw(t, "name"), Service: tricky().Draw(t, "service")}
		e := event.Event{Subject: rapid.StringN(0, 400, -1).Draw(t, "subject"), DedupKey: rapid.StringN(0, 400, -1).Draw(t, "key")}
		key := c.Key(&e)
		if len(key) > 255 || !utf8.ValidString(key) || key == "" {
			t.Fatalf("%d bytes, valid UTF-8 %v: %q", len(key), utf8.ValidString(key), key)
		}
	})
}

func TestLongKeysStayDifferent(t *testing.T) {
	c := event.Class{Name: "c"}
	long := "x" + strings.Repeat("ä", 2000)
	a, b := event.Event{DedupKey: long + "1"}, event.Event{DedupKey: long + "2"}
	assert.NotEqual(t, c.Key(&a), c.Key(&b))
	assert.LessOrEqual(t, len(c.Key(&a)), 255)
	assert.True(t, utf8.ValidString(c.Key(&a)), "not cut inside a character")
	exact := event.Event{DedupKey: strings.Repeat("k", 255)}
	assert.Equal(t, exact.DedupKey, c.Key(&exact), "255 bytes are kept as they are")
}
