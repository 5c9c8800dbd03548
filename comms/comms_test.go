package comms_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/comms"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// TestParse: a template has the placeholders of the allow list and nothing else, and an error says where another one stands.
func TestParse(t *testing.T) {
	for _, name := range comms.Placeholders() {
		_, err := comms.Parse("a {{." + name + "}} b {{ ." + name + " }}")
		require.NoError(t, err, name)
	}
	for text, want := range map[string]string{
		"It is {{.Title}}.":                  `line 1, column 7: placeholder "{{.Title}}" is unknown`,
		"Wir prüfen.\nÜber {{.Incident.ID}}": `line 2, column 6: placeholder "{{.Incident.ID}}" is unknown`,
		"{{.Since":                           `line 1, column 1: placeholder "{{.Since" is unknown`,
		"{{.Since}} {{range .}}x{{end}}":     `line 1, column 12: placeholder "{{range .}}" is unknown`,
		"{{printf \"%v\" .}}":                `line 1, column 1: placeholder "{{printf \"%v\" .}}" is unknown`,
		"{{.since}}":                         `line 1, column 1: placeholder "{{.since}}" is unknown`,
	} {
		_, err := comms.Parse(text)
		var at *comms.PlaceholderError
		require.ErrorAs(t, err, &at, text)
		assert.Contains(t, err.Error(), want)
	}
}

// TestUnresolved: every placeholder without a value refuses to render, and is named. Only Expected says "unknown".
func TestUnresolved(t *testing.T) {
	for _, name := range comms.Placeholders() {
		out, err := comms.Compose("x {{."+name+"}}", &comms.Facts{})
		if name == "Expected" {
			require.NoError(t, err)
			assert.Equal(t, "x unknown", out)
			continue
		}
		var missing *comms.UnresolvedError
		require.ErrorAs(t, err, &missing, name)
		assert.Equal(t, []string{name}, missing.Names)
		assert.Contains(t, err.Error(), "{{."+name+"}}")
	}
	_, err := comms.Compose("{{.Doing}} {{.Since}} {{.Doing}}", &comms.Facts{})
	require.EqualError(t, err, "unresolved placeholder {{.Doing}}, {{.Since}}")
	_, err = comms.Compose("{{.Doing}}", &comms.Facts{Doing: "restart {{.Host}}"})
	require.ErrorContains(t, err, `placeholder "{{.Host}}" is unknown`)
	assert.Equal(t, []string{"Affected", "nothing"}, (&comms.Facts{Since: noon}).Missing("Since", "Affected", "Expected", "nothing"))
}

// TestNextUpdate: a text that does not say when the next update comes is given a sentence that does, with the date on another day.
func TestNextUpdate(t *testing.T) {
	f := &comms.Facts{Since: noon.Add(-time.Hour), At: noon, NextUpdate: noon.Add(30 * time.Minute)}
	for _, tt := range []struct {
		name, text, want string
		next             time.Time
	}{
		{"said by the template", "Until {{.NextUpdate}}.", "Until 12:30 UTC.", f.NextUpdate},
		{"added", "We look.", "We look. Next update by 12:30 UTC.", f.NextUpdate},
		{"another day", "We look.", "We look. Next update by 3 March 12:00 UTC.", noon.Add(24 * time.Hour)},
		{"none is promised", "It works.", "It works.", time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			facts := *f
			facts.NextUpdate = tt.next
			got, err := comms.Compose(tt.text, &facts)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestCheck: what customers should not read is found as a whole word, whatever its capitals, with its place.
func TestCheck(t *testing.T) {
	terms := []comms.Term{{comms.FoundPerson, "ana"}, {comms.FoundID, "payments.payout.stuck"}, {comms.FoundID, "ünïcode"}}
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "Some payments fail since noon. We are on it, e.g. by 3.5 hours (24-hour support).", nil},
		{"a person", "ANA looks, not Hana nor anagram", []string{`person "ANA" in Text at 0`}},
		{"twice", "ana, ana", []string{`person "ana" in Text at 0`, `person "ana" in Text at 5`}},
		{"a class, which is one finding", "(payments.payout.stuck)", []string{`id "payments.payout.stuck" in Text at 1`}},
		{"other letters", "ÜNÏCODE", []string{`id "ÜNÏCODE" in Text at 0`}},
		{"hosts", "db-07 and api.internal.example, 10.0.0.7:5432 or fe80::1.", []string{
			`host "db-07" in Text at 0`, `host "api.internal.example" in Text at 10`, `host "10.0.0.7:5432" in Text at 32`, `host "fe80::1" in Text at 49`,
		}},
		{"an address of mail", "write to ops@corp.example!", []string{`host "corp.example" in Text at 13`}},
		{"a link", "see https://wiki.corp/runbook", []string{`host "wiki.corp" in Text at 12`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range comms.Check("Text", tt.text, terms) {
				got = append(got, f.String())
				assert.Equal(t, f.Text, tt.text[f.At:f.At+len(f.Text)])
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestCheckFindsATermInAnyText: wherever a term stands between spaces, it is found there.
func TestCheckFindsATermInAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := rapid.String().Draw(t, "before"), rapid.String().Draw(t, "after")
		term := rapid.StringMatching(`[a-zäß]{1,8}`).Draw(t, "term")
		written := term
		if rapid.Bool().Draw(t, "capitals") {
			written = strings.ToUpper(term)
		}
		text := before + " " + written + " " + after
		found := false
		for _, f := range comms.Check("Text", text, []comms.Term{{comms.FoundPerson, term}}) {
			found = found || f.Kind == comms.FoundPerson && f.At == len(before)+1
		}
		if strings.EqualFold(term, written) && utf8.ValidString(text) && !found {
			t.Fatalf("%q is not found in %q", term, text)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "{{.Since}}", "{{", "}}{{.Doing}}", "{{.X}}", "ü{{{.Since}}}"} {
		f.Add(text)
	}
	facts := &comms.Facts{
		Service: "s", Impaired: "i", Affected: "a", Doing: "d", Workaround: "w", Since: noon, NextUpdate: noon, ResolvedAt: noon, At: noon,
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, err := comms.Compose(text, facts)
		if err == nil && strings.Contains(out, "{{.") && !strings.Contains(text, "{{.") {
			t.Fatalf("%q became %q", text, out)
		}
	})
}
