package redact_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

// FuzzText: redaction is idempotent in both styles, keeps valid UTF-8, and grows a text by no more than its marks.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"password=hunter2 https://ana:x@h/ Bearer x", "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "Ⱥ=token:", `{\"password\":\"a\"}`,
		"authorization: 'x\" password: [a, b", "key: name=token value:x", "ｔｏｋｅｎ＝\u200bx", "--token x=y <secret>a", "name: pwd\nvalue => \"\\",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, style := range []redact.Style{redact.Plain, redact.Tagged} {
			once := style.Text(text)
			if utf8.ValidString(text) && !utf8.ValidString(once) {
				t.Fatalf("%q became invalid: %q", text, once)
			}
			if len(once) > 9*len(text) {
				t.Fatalf("%d bytes became %d", len(text), len(once))
			}
			for _, other := range []redact.Style{redact.Plain, redact.Tagged} {
				if twice := other.Text(once); twice != once {
					t.Fatalf("%q gave %q, and again %q", text, once, twice)
				}
			}
			canary := style.Text(strings.ReplaceAll(text, "CANARY", "") + "\npassword=CANARY")
			if strings.Contains(canary, "CANARY") {
				t.Fatalf("%q hides a password: %q", text, canary)
			}
		}
	})
}
