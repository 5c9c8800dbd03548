package notify_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

// linked is a message of every part.
func linked() notify.Message {
	return notify.Message{
		Kind: notify.Page, Title: "P1 checkout is down", Text: "95 of 100 requests fail", Why: "P1: impact high", Note: "disk: 80 % full, memory: 34 % used",
		Ack: "https://bell.example/a/1", Runbook: "https://wiki.example/checkout",
		Links: []event.Link{{URL: "https://graph.example/1", Text: "Dashboard"}, {URL: "https://graph.example/2"}},
	}
}

func within(limit int) func(notify.Parts) bool {
	return func(ps notify.Parts) bool { return len(ps.String()) <= limit }
}

func TestParts(t *testing.T) {
	const head = "P1 checkout is down\n95 of 100 requests fail\nP1: impact high\nAcknowledge: https://bell.example/a/1\n"
	long := "https://graph.example/" + strings.Repeat("x", 400)
	for _, c := range []struct {
		name   string
		change func(*notify.Message)
		limit  int
		want   string
	}{
		{"all", nil, 1 << 10, head + "Runbook: https://wiki.example/checkout\nDashboard: https://graph.example/1\nhttps://graph.example/2\ndisk: 80 % full, memory: 34 % used"},
		{
			"the note goes first", nil, 219,
			head + "Runbook: https://wiki.example/checkout\nDashboard: https://graph.example/1\nhttps://graph.example/2\n… the note left out",
		},
		{
			"then the last link", nil, 205,
			head + "Runbook: https://wiki.example/checkout\nDashboard: https://graph.example/1\n… the note and 1 link left out",
		},
		{
			"a link that is too long", func(m *notify.Message) { m.Links[0].URL = long }, 260,
			head + "Runbook: https://wiki.example/checkout\nhttps://graph.example/2\ndisk: 80 % full, memory: 34 % used\n… 1 link left out",
		},
		{
			"the text is shortened", func(m *notify.Message) { m.Text = strings.Repeat("many words ", 40) }, 150,
			"P1 checkout is down\nmany words many words many words many w…\nP1: impact high\nAcknowledge: https://bell.example/a/1\n" +
				"… the note and 3 links left out",
		},
		{
			"a link in the text stays whole", func(m *notify.Message) { m.Text = "see " + long }, 150,
			"P1 checkout is down\nsee…\nP1: impact high\nAcknowledge: https://bell.example/a/1\nDashboard: https://graph.example/1\n" +
				"… the note and 2 links left out",
		},
		{"little more than the title", nil, 82, "P1 checkout is down\n95 of 100…\nP1: impact high\n… the note and 4 links left out"},
		{"a runbook that is no link", func(m *notify.Message) {
			*m = notify.Message{Title: "P1 x", Runbook: "page 7"}
		}, 99, "P1 x\nRunbook: page 7"},
		{"what the text says already", func(m *notify.Message) {
			m.Text += "\n" + m.Why + "\n" + m.Note + "\n" + m.Runbook
			m.Links[1] = m.Links[0]
		}, 999, "P1 checkout is down\n95 of 100 requests fail\nP1: impact high\ndisk: 80 % full, memory: 34 % used\nhttps://wiki.example/checkout\n" +
			"Acknowledge: https://bell.example/a/1\nDashboard: https://graph.example/1"},
		{"a link that begins another", func(m *notify.Message) {
			*m = notify.Message{Title: "P1 x", Text: "https://graph.example/12", Links: []event.Link{{URL: "https://graph.example/1"}}}
		}, 99, "P1 x\nhttps://graph.example/12\nhttps://graph.example/1"},
		{"a link of two lines", func(m *notify.Message) {
			*m = notify.Message{Title: "P1 x", Ack: "https://bell.example/\n1", Links: []event.Link{{URL: "javascript:alert(1)"}}}
		}, 99, "P1 x"},
		{
			"an all-clear needs no reason", func(m *notify.Message) { m.Kind, m.Ack, m.Runbook, m.Links = notify.AllClear, "", "", nil }, 99,
			"P1 checkout is down\n95 of 100 requests fail\ndisk: 80 % full, memory: 34 % used",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := linked()
			if c.change != nil {
				c.change(&m)
			}
			assert.Equal(t, c.want, m.Parts(within(c.limit)).String())
		})
	}
}

// TestLinksAreWhole draws messages and limits. The parts keep the limit, no link is cut, and what is missing is told.
func TestLinksAreWhole(t *testing.T) {
	words := rapid.SampledFrom([]string{"a", "payout waits", "€", "😀", "\n", " ", "https://x.example/" + strings.Repeat("q", 90), "\x1b[0m", "…"})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(words, 0, 40).Draw(t, "words"), " ") })
	url := rapid.Custom(func(t *rapid.T) string {
		return "https://graph.example/" + strings.Repeat("x&y=", rapid.IntRange(0, 1000).Draw(t, "length")) + "end"
	})
	rapid.Check(t, func(t *rapid.T) {
		m := notify.Message{
			Kind: notify.Page, Title: strings.Join(strings.Fields(text.Draw(t, "title")), " "), Text: text.Draw(t, "text"),
			Why: text.Draw(t, "why"), Note: text.Draw(t, "note"), Ack: url.Draw(t, "ack"), Runbook: url.Draw(t, "runbook"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "links") {
			m.Links = append(m.Links, event.Link{URL: url.Draw(t, "url")})
		}
		limit := rapid.IntRange(90, 9000).Draw(t, "limit")
		all, got := m.Parts(nil).String(), m.Parts(within(limit)).String()
		if len(got) > limit || !utf8.ValidString(got) {
			t.Fatalf("%d bytes, expected UTF-8 and at most %d", len(got), limit)
		}
		whole := strings.Fields(all)
		for _, word := range strings.Fields(got) {
			if strings.Contains(word, "://") && !slices.Contains(whole, word) {
				t.Fatalf("%q is a piece of a link", word)
			}
		}
		if got != all && !strings.Contains(got, "…") {
			t.Fatalf("%q is not all of %q, and does not say so", got, all)
		}
	})
}

// TestRenderedLinksAreWhole: also a template of the user's with links is cut at none.
func TestRenderedLinksAreWhole(t *testing.T) {
	ts := templates(t, map[notify.Kind]notify.Template{
		notify.Page: {Title: "{{.Summary}}{{range .Links}} {{.URL}}{{end}}", Text: "{{range .Links}}{{.URL}}\n{{end}}"},
	})
	m := notify.Message{Kind: notify.Page, Summary: "payout waits"}
	for _, length := range []int{150, 1900, 1900, 1900} {
		m.Links = append(m.Links, event.Link{URL: "https://graph.example/?q=" + strings.Repeat("y", length) + "&end=1"})
	}
	require.NoError(t, ts.Render(&m))
	assert.Equal(t, "payout waits "+m.Links[0].URL+" …", m.Title)
	assert.Equal(t, m.Links[0].URL+"\n"+m.Links[1].URL+"\n"+m.Links[2].URL+" …", m.Text)
}
