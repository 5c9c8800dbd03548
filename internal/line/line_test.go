package line_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/internal/line/linetest"
)

func TestRow54Line(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "disk full on web-1", "disk full on web-1"},
		{"empty", "", ""},
		{"a second line", "down\n+5m  resolved  by ana", "down ⏎ +5m  resolved  by ana"},
		{"all line breaks", "a\nb\r\nc\rd\ve\ff\u0085g\u2028h\u2029i", "a ⏎ b ⏎ c ⏎ d ⏎ e ⏎ f ⏎ g ⏎ h ⏎ i"},
		{"breaks around", "\n\r\na\n\n\nb\n", "a ⏎ b"},
		{"colour", "\x1b[31mred\x1b[0m", "␛[31mred␛[0m"},
		{"zero and others", "a\x00b\x07c\x08d\x7fe\tf", "a␀b␇c␈d␡e f"},
		{"C1", "a\u009b31mb\u0080", "a\uFFFD31mb\uFFFD"},
		{"reversed", "a\u202egpj.exe\u202c b\u2066c\u2069\u200e\u200f\u061c", "agpj.exe bc"},
		{"without width", "a\u200bb\u2060c\ufeffd\u00ade\u180ef\u034fg\u3164h\u115f", "abcdefgh"},
		{"tags", "a\U000E0041\U000E007Fb", "ab"},
		{"private and unassigned", "a\ue000b\U0010FFFDc\ufffed\u0378e", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe"},
		{"not UTF-8", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		{"flood of marks", "Z" + strings.Repeat("\u0301\u0316", 50) + "algo", "Z\u0301\u0316\u0301\u0316algo"},
		{"marks between joiners", "क" + strings.Repeat("\u0301\u200d", 50), "क\u0301\u0301\u0301\u0301"},
		{"selectors", "a\ufe0f\ufe0f❤\ufe0f\ufe0f", "a❤\ufe0f"},
		{"spaces", "a\u00a0b\u2003c\u3000d", "a b c\u3000d"},
		{"emoji", "👩\u200d💻 ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 👍🏽 🇩🇪", "👩\u200d💻 ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 👍🏽 🇩🇪"},
		{"joiners in Latin", "a\u200db\u200cc\u200d", "abc"},
		{"right to left", "שלום עולם", "שלום עולם"},
		{"Persian", "می\u200cخواهم", "می\u200cخواهم"},
		{"Hindi, Thai, Vietnamese, Japanese", "क्\u200dष ที่นี่ Tiếng Việt 日本語", "क्\u200dष ที่นี่ Tiếng Việt 日本語"},
	} {
		got := line.Of(c.text)
		assert.Equal(t, c.want, got, c.name)
		assert.Equal(t, got, line.Of(got), "%s, again", c.name)
	}
	assert.Equal(t, "a\nb ␛\n\nc", line.Lines("a\r\nb \x1b\n\nc"))
}

// FuzzOf: what comes out is one line that holds nothing hidden, is valid UTF-8, is not much longer, and stays as it is.
func FuzzOf(f *testing.F) {
	for _, seed := range []string{"a\nb", "\x1b[2J", "\u202ea\u202c", "👩\u200d💻", "Z\u0301\u0301\u0301\u0301\u0301", "\xff\xfe", "\u200d\u200c", "a\ufe0f\u200d\n\u200da"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := line.Of(text)
		switch {
		case !utf8.ValidString(got):
			t.Fatalf("%q gave invalid UTF-8 %q", text, got)
		case len(got) > 4*len(text):
			t.Fatalf("%d bytes gave %d", len(text), len(got))
		case line.Of(got) != got:
			t.Fatalf("%q gave %q, and again %q", text, got, line.Of(got))
		case linetest.Hostile(got) != "":
			t.Fatalf("%q gave %q with %s", text, got, linetest.Hostile(got))
		case line.Lines(line.Lines(text)) != line.Lines(text):
			t.Fatalf("lines of %q", text)
		}
	})
}

func TestRow54Texts(t *testing.T) {
	texts := linetest.Texts()
	assert.Len(t, texts, 200)
	for _, text := range texts {
		assert.NotEmpty(t, linetest.Hostile(text), "%q is not hostile", text)
		assert.Empty(t, linetest.Hostile(line.Of(text)), "%q", text)
	}
}
