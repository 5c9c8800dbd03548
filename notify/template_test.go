package notify_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

func templates(t testing.TB, own map[notify.Kind]notify.Template) *notify.Templates {
	t.Helper()
	ts, err := notify.NewTemplates(own)
	require.NoError(t, err)
	return ts
}

func TestBuiltInTexts(t *testing.T) {
	ts := templates(t, nil)
	full := notify.Message{
		Priority: severity.P1, Summary: "payout waits", Service: "checkout", Owner: "payments",
		Runbook: "https://wiki.example/payout", Links: []event.Link{{URL: "https://graph.example/1"}, {URL: "https://graph.example/2"}},
		Note: "recovered, being watched",
	}
	const about = "service checkout, owner payments"
	with := func(kind notify.Kind, change func(*notify.Message)) notify.Message {
		m := full
		m.Kind = kind
		change(&m)
		return m
	}
	same := func(*notify.Message) {}
	for _, c := range []struct {
		name        string
		message     notify.Message
		title, text string
	}{
		{"page", with(notify.Page, func(m *notify.Message) { m.Note = "" }), "P1 payout waits", about},
		{"page with what was found", with(notify.Page, same), "P1 payout waits", about},
		{"notice", with(notify.Notice, same), "P1 payout waits: recovered, being watched", about},
		{"notice without a note", with(notify.Notice, func(m *notify.Message) { m.Note = "" }), "P1 payout waits", about},
		{"reminder", with(notify.Reminder, same), "P1 payout waits: recovered, being watched", about},
		{"all-clear", with(notify.AllClear, same), "all clear: payout waits", "recovered, being watched"},
		{
			"owner alone", with(notify.Page, func(m *notify.Message) { m.Service, m.Runbook, m.Links, m.Note = "", "", nil, "" }),
			"P1 payout waits", "owner payments",
		},
		{
			"service alone", with(notify.Page, func(m *notify.Message) { m.Owner, m.Runbook, m.Links, m.Note = "", "", nil, "" }),
			"P1 payout waits", "service checkout",
		},
		{
			"runbook alone",
			notify.Message{Kind: notify.Page, Summary: "payout waits", Runbook: full.Runbook},
			"payout waits", "",
		},
		{"its incident", notify.Message{Kind: notify.Page, Summary: "payout waits", Incident: "k7qf2mab"}, "payout waits", "incident k7qf2mab"},
		{
			"somebody outside", with(notify.AllClear, func(m *notify.Message) {
				m.Note, m.Audience, m.Occasion = "Payouts work again.", true, notify.OccasionOver
			}),
			"Payouts work again.", "Payouts work again.",
		},
		{"nothing known", notify.Message{Kind: notify.Page}, "", ""},
		{
			"summary of two lines", with(notify.Page, func(m *notify.Message) { m.Summary, m.Note = "payout\r\n\twaits", "" }),
			"P1 payout ⏎ waits", about,
		},
		{"kind that does not exist", with("fax", same), "P1 payout waits", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts.Render(&c.message)
			assert.Equal(t, c.title, c.message.Title)
			assert.Equal(t, c.text, c.message.Text)
		})
	}
}

func TestEventTextIsNeverATemplate(t *testing.T) {
	ts := templates(t, nil)
	for _, text := range []string{
		"{{.Key}}", "{{", "}}", "{{/* */}}", `{{define "page title"}}x{{end}}`, "{{range 9}}x{{end}}", "${jndi:ldap://x}", "$(id)",
		"%d %s", "<b>bold</b>", `a "quoted" & 'single'`,
	} {
		m := notify.Message{
			Kind: notify.Page, Key: "secret", Priority: severity.P2, Summary: text, Service: text, Owner: text, Runbook: text,
		}
		ts.Render(&m)
		assert.Equal(t, "P2 "+text, m.Title)
		assert.Equal(t, "service "+text+", owner "+text, m.Text)
	}
}

func TestOwnTemplates(t *testing.T) {
	ts := templates(t, map[notify.Kind]notify.Template{
		notify.Page:     {Title: "{{.Service}} {{.Summary}}"},
		notify.AllClear: {Text: "over: {{.Incident}}"},
	})
	page := notify.Message{Kind: notify.Page, Service: "checkout", Summary: "payout waits"}
	ts.Render(&page)
	assert.Equal(t, "checkout payout waits", page.Title)
	assert.Equal(t, "service checkout", page.Text, "what is left empty is built in")

	over := notify.Message{Kind: notify.AllClear, Incident: "INC-7", Summary: "payout waits"}
	ts.Render(&over)
	assert.Equal(t, "all clear: payout waits", over.Title)
	assert.Equal(t, "over: INC-7", over.Text)
}

func TestFaultsOfTemplatesComeAtOnce(t *testing.T) {
	for range 20 { // map order varies: the result must not
		_, err := notify.NewTemplates(map[notify.Kind]notify.Template{
			"fax":           {Title: "x"},
			notify.Page:     {Title: "{{.Sumary}}", Text: "{{if}}"},
			notify.AllClear: {Text: "{{.Note"},
			"telex":         {Text: "x"},
		})
		require.Error(t, err)
		lines := strings.Split(err.Error(), "\n")
		require.Len(t, lines, 5)
		assert.Equal(t, `template of kind "fax", expected page, notice, reminder or all-clear`, lines[0])
		assert.Equal(t, `template of kind "telex", expected page, notice, reminder or all-clear`, lines[1])
		assert.Contains(t, lines[2], "all-clear text")
		assert.Contains(t, lines[3], "page title")
		assert.Contains(t, lines[3], "can't evaluate field Sumary")
		assert.Contains(t, lines[4], "page text")
	}
}

func TestATemplateThatFailsCostsNoPage(t *testing.T) {
	ts := templates(t, map[notify.Kind]notify.Template{
		notify.Page: {
			Title: `half {{with .Summary}}{{slice . 0 99}}{{end}}`,
			Text:  `half {{with .Summary}}{{index . 99}}{{end}}`,
		},
		notify.Notice: {Title: "{{/* says nothing */}} "},
	})
	for _, kind := range []notify.Kind{notify.Page, notify.Notice} {
		m := notify.Message{Kind: kind, Priority: severity.P1, Summary: "payout waits", Title: "old", Text: "old"}
		err := ts.Render(&m)
		assert.Equal(t, "P1 payout waits", m.Title)
		assert.Empty(t, m.Text)
		if kind == notify.Notice {
			assert.NoError(t, err, "what says nothing has not failed")
			continue
		}
		assert.ErrorContains(t, err, "page title")
		assert.ErrorContains(t, err, "page text")
	}
}

// TestNoTemplateRunsOn checks that an endless text or loop is refused, or fails when it is first rendered.
func TestNoTemplateRunsOn(t *testing.T) {
	const defined = `{{define "one"}}{{end}}{{define "four"}}{{range 4}}{{template "one"}}{{end}}{{end}}{{define "self"}}{{template "self"}}{{end}}`
	for _, c := range []struct{ name, text, want string }{
		{"a loop", `{{range 400000000}}{{end}}`, "loop iterations"},
		{"loops in loops", `{{range 9000}}{{range 9000}}{{end}}{{end}}`, "loop iterations"},
		{"a loop where there was nothing", `{{range .Links}}{{else}}{{range 99999}}{{end}}{{end}}`, "loop iterations"},
		{"templates of templates", `{{range 3000}}{{template "four"}}{{end}}`, "loop iterations"},
		{"a template of itself", `{{template "self"}}`, "loop iterations"},
		{"a text that doubles", `{{$x := "four"}}{{range 60}}{{$x = print $x $x}}{{end}}`, ""},
		{"a wide number", `{{printf "%999999d" 1}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := notify.NewTemplates(map[notify.Kind]notify.Template{notify.Page: {Text: defined + c.text}})
			if c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
			}

			later := templates(t, map[notify.Kind]notify.Template{notify.Page: {Text: defined + "{{if .Summary}}" + c.text + "{{end}}"}})
			m := notify.Message{Kind: notify.Page, Priority: severity.P1, Summary: "payout waits"}
			if err = later.Render(&m); c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
			}
			assert.Equal(t, "P1 payout waits", m.Title)
			assert.Empty(t, m.Text)
		})
	}
}

func TestOverlongTextsAreCutAtACharacter(t *testing.T) {
	ts := templates(t, map[notify.Kind]notify.Template{
		notify.Notice:   {Title: "{{range 9999}}é€{{end}}", Text: "{{range 9999}}é€{{end}}"},
		notify.Reminder: {Title: "{{with .Summary}}{{slice . 0 9999}}{{end}}"},
	})
	for _, c := range []struct {
		name  string
		kind  notify.Kind
		title string // what it repeats
	}{
		{"of a long summary", notify.Page, "ö"},
		{"of a template that writes without end", notify.Notice, "é€"},
		{"of a template that fails", notify.Reminder, "ö"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for shift := range 4 {
				prefix := strings.Repeat("x", shift)
				m := notify.Message{Kind: c.kind, Summary: prefix + strings.Repeat("ö", 2000), Service: prefix + strings.Repeat("ö", 4000)}
				ts.Render(&m)
				for name, text := range map[string]struct {
					got      string
					min, max int
				}{"title": {m.Title, 250, 256}, "text": {m.Text, 4090, 4096}} {
					assert.True(t, utf8.ValidString(text.got), "%s is not UTF-8", name)
					assert.LessOrEqual(t, len(text.got), text.max, name)
					assert.GreaterOrEqual(t, len(text.got), text.min, name)
				}
				assert.Contains(t, m.Title, strings.Repeat(c.title, 40))
			}
		})
	}
}

// TestOwnTemplatesHoldForEveryOccasion: a user who writes a title for pages gets that title for every page.
func TestOwnTemplatesHoldForEveryOccasion(t *testing.T) {
	ts := templates(t, map[notify.Kind]notify.Template{notify.Page: {Title: "{{.Service}}: {{cut 9 .Summary}} {{clock . .Since}}"}})
	m := checkout()
	require.NoError(t, ts.Render(&m))
	assert.Equal(t, "checkout: Check… 03:12", m.Title)
	assert.Contains(t, m.Text, "Since 03:12: 95 of 100 requests fail")
}

var occasions = []notify.Occasion{
	"", notify.OccasionOpened, notify.OccasionLater, notify.OccasionAsked, notify.OccasionRaised, notify.OccasionBack, notify.OccasionJoined,
	notify.OccasionRecovered, notify.OccasionOver, notify.OccasionQuiet, notify.OccasionReminder, notify.OccasionApproval,
	notify.OccasionLoss, notify.OccasionTaken, notify.OccasionTest, "of a later version",
}

// TestEveryOccasionRenders draws messages with some fields empty: the words are valid, short and without gaps.
func TestEveryOccasionRenders(t *testing.T) {
	ts := templates(t, nil)
	text := rapid.SampledFrom([]string{"", "x", "payout\nwaits", "\xffx", strings.Repeat("€ ", 3000), "https://x.example/" + strings.Repeat("q", 300)})
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"ana", "ben", "cho"}), 0, 3)
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return rapid.SampledFrom([]time.Time{{}, noon, noon.Add(time.Hour), noon.AddDate(0, 0, -3)}).Draw(t, "at")
	})
	rapid.Check(t, func(t *rapid.T) {
		m := notify.Message{
			Kind:     rapid.SampledFrom([]notify.Kind{notify.Page, notify.Notice, notify.Reminder, notify.AllClear}).Draw(t, "kind"),
			Occasion: rapid.SampledFrom(occasions).Draw(t, "occasion"), Person: text.Draw(t, "person"), Incident: "k7qf2mab",
			Summary: "P" + text.Draw(t, "summary"), Which: text.Draw(t, "which"), Latest: text.Draw(t, "latest"), Began: text.Draw(t, "began"),
			Note: text.Draw(t, "note"), Alerts: rapid.IntRange(0, 3).Draw(t, "alerts"), Joined: rapid.IntRange(0, 3).Draw(t, "joined"),
			Since: at.Draw(t, "since"), Ended: at.Draw(t, "ended"), Taken: at.Draw(t, "taken"), Until: at.Draw(t, "until"),
			NextAt: at.Draw(t, "next at"), At: at.Draw(t, "now"), Holders: names.Draw(t, "holders"), Next: names.Draw(t, "next"),
			Said: notify.Said{By: text.Draw(t, "by"), Text: text.Draw(t, "said")},
		}
		for _, who := range names.Draw(t, "asked") {
			m.Asked = append(m.Asked, notify.Asked{Who: who, At: at.Draw(t, "asked at")})
		}
		if err := ts.Render(&m); err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(m.Title+m.Text) || len(m.Title) > 256 || len(m.Text) > 4096 || strings.ContainsAny(m.Title, "\r\n") {
			t.Fatalf("title %q, text %q", m.Title, m.Text)
		}
		for _, gap := range []string{"  ", " .", " ,", "()", "\n\n", ": \n", "at ."} {
			if strings.Contains(m.Title+"\n"+m.Text, gap) {
				t.Fatalf("a gap %q in %q %q", gap, m.Title, m.Text)
			}
		}
	})
}

func FuzzRender(f *testing.F) {
	for _, summary := range []string{
		"payout waits", "", " ", "{{.Key}}", "a\nb", "\xff\xfe", "ö\u2028x", strings.Repeat("€", 100), "{{" + strings.Repeat("x", 300),
	} {
		for kind := range byte(5) {
			f.Add(summary, kind)
		}
	}
	ts, err := notify.NewTemplates(map[notify.Kind]notify.Template{
		notify.Reminder: {Title: "{{slice (printf \"%-20s\" .Summary) 0 20}}", Text: "{{with .Summary}}{{index . 50}}{{end}}"},
	})
	if err != nil {
		f.Fatal(err)
	}
	kinds := []notify.Kind{notify.Page, notify.Notice, notify.Reminder, notify.AllClear, "fax"}
	f.Fuzz(func(t *testing.T, summary string, kind byte) {
		m := notify.Message{Kind: kinds[int(kind)%len(kinds)], Priority: severity.P3, Summary: summary, Service: summary}
		ts.Render(&m)
		if !utf8.ValidString(m.Title) || !utf8.ValidString(m.Text) {
			t.Errorf("title %q or text %q is not UTF-8", m.Title, m.Text)
		}
		if len(m.Title) > 256 || len(m.Text) > 4096 {
			t.Errorf("title of %d bytes, text of %d", len(m.Title), len(m.Text))
		}
		if strings.ContainsAny(m.Title, "\r\n\v\f\u0085\u2028\u2029") {
			t.Errorf("title %q has more than one line", m.Title)
		}
		plain := "P3 " + strings.Join(strings.Fields(line.Of(summary)), " ")
		if m.Kind == notify.Page && utf8.ValidString(summary) && len(summary) < 250 && m.Title != strings.TrimSpace(plain) {
			t.Errorf("title %q, expected %q", m.Title, plain)
		}
	})
}
