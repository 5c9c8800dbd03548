package notify_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/severity"
)

var update = flag.Bool("update", false, "write the golden files")

// clock returns a time of the night of the samples, in the zone of the person.
func clock(hour, minute int) time.Time {
	return time.Date(2026, 3, 1, hour, minute, 0, 0, time.FixedZone("CET", 3600))
}

// checkout is the page about an incident of which the samples tell.
func checkout() notify.Message {
	return notify.Message{
		Key: "k7qf2mab-1-0", Kind: notify.Page, Occasion: notify.OccasionOpened, Channel: "chat", Person: "ana", Seq: 1, Part: "escalation",
		Incident: "k7qf2mab", Priority: severity.P1, Round: 1, Level: 1, Attempt: 1, Summary: "Checkout is down", Which: "web-1, EU",
		Latest: "95 of 100 requests fail", Alerts: 1, Class: "shop.checkout.down", Service: "checkout", Owner: "payments",
		Why: "P1: impact high (checkout, tier 1) × urgency high (critical)", Ack: "https://bell.example/a/k7qf2mab?t=x1_y2",
		Runbook: "https://wiki.example/Runbook_(checkout)",
		Links:   []event.Link{{URL: "https://graph.example/d/1?var-host=web-1&from=now-1h", Text: "Dashboard"}},
		Since:   clock(3, 12), Next: []string{"ben"}, NextAt: clock(3, 19), Zone: "Europe/Berlin", At: clock(3, 13),
	}
}

// samples are messages of every occasion.
var samples = []struct {
	name   string
	change func(*notify.Message)
}{
	{"page, first", func(*notify.Message) {}},
	{"page, next level", func(m *notify.Message) {
		m.Person, m.Level, m.At = "ben", 2, clock(3, 19)
		m.Asked = []notify.Asked{{Who: "ana", At: clock(3, 12)}, {Who: "cho", At: clock(3, 19)}}
		m.Next, m.NextAt = []string{"dee (lead)"}, clock(3, 34)
	}},
	{"page, three alerts from the beginning", func(m *notify.Message) { m.Alerts = 3 }},
	{"page, later round", func(m *notify.Message) {
		m.Occasion, m.Round, m.At, m.Latest, m.Alerts, m.Repeats = notify.OccasionLater, 2, clock(3, 27), "99 of 100 requests fail", 40, 120
		m.Asked = []notify.Asked{{Who: "ana", At: clock(3, 12)}, {Who: "ben", At: clock(3, 19)}}
		m.Next, m.NextAt = []string{"dee (lead)"}, clock(3, 34)
	}},
	{"page, by hand", func(m *notify.Message) {
		m.Occasion, m.Person, m.Level, m.At, m.Latest = notify.OccasionAsked, "dee", 0, clock(3, 31), "99 of 100 requests fail"
		m.Said, m.Holders = notify.Said{By: "ben", Text: "the replica lags, I need the owner of the disks"}, []string{"ben"}
		m.Asked, m.Next = []notify.Asked{{Who: "ana", At: clock(3, 12)}, {Who: "eli", At: clock(3, 31)}}, nil
	}},
	{"page, by hand, to a room", func(m *notify.Message) {
		m.Occasion, m.Person, m.Level, m.At, m.Said = notify.OccasionAsked, "", 0, clock(3, 17), notify.Said{By: "ana", Text: "who knows payouts?"}
	}},
	{"page, raised", func(m *notify.Message) {
		m.Occasion, m.Was, m.Began, m.Since, m.At = notify.OccasionRaised, severity.P3, "Checkout is slow on web-1", clock(2, 50), clock(3, 12)
		m.Latest, m.Which, m.Alerts, m.Holders = "Checkout answers nothing", "probe eu-2", 2, []string{"ben"}
		m.Asked, m.Next = []notify.Asked{{Who: "ben", At: clock(3, 12)}}, nil
	}},
	{"page, came back", func(m *notify.Message) {
		m.Occasion, m.Ended, m.At = notify.OccasionBack, clock(3, 41), clock(3, 47)
		m.Holders, m.Asked = []string{"ana"}, []notify.Asked{{Who: "cho", At: clock(3, 47)}}
		m.NextAt = clock(3, 54)
	}},
	{"page, alerts joined", func(m *notify.Message) {
		m.Occasion, m.Level, m.Joined, m.Latest, m.Which, m.Alerts = notify.OccasionJoined, 0, 2, "Basket times out", "web-3, EU", 3
		m.Next = nil
	}},
	{"notice instead of a page", func(m *notify.Message) { m.Kind, m.Priority = notify.Notice, severity.P4 }},
	{"notice, alerts joined", func(m *notify.Message) {
		m.Kind, m.Occasion, m.Level, m.Joined = notify.Notice, notify.OccasionJoined, 0, 3
		m.Latest, m.Which, m.Alerts, m.Since, m.Holders = "Payment refused", "m-43, m-44", 4, clock(3, 18), []string{"ana"}
	}},
	{"notice, recovered", func(m *notify.Message) {
		m.Kind, m.Occasion, m.Level = notify.Notice, notify.OccasionRecovered, 0
		m.Ended, m.Until, m.At = clock(3, 41), clock(3, 56), clock(3, 41)
	}},
	{"notice, somebody else took it", func(m *notify.Message) {
		m.Kind, m.Occasion, m.Level, m.Taken = notify.Notice, notify.OccasionTaken, 0, clock(3, 20)
		m.Said.By, m.Note, m.Ack = "cho", "From the dashboard; cho was not asked.", ""
	}},
	{"reminder", func(m *notify.Message) {
		m.Kind, m.Occasion, m.Level = notify.Reminder, notify.OccasionReminder, 0
		m.Taken, m.At, m.Until, m.Next = clock(3, 14), clock(3, 39), clock(3, 49), []string{"ben"}
	}},
	{"all-clear", func(m *notify.Message) {
		m.Kind, m.Occasion, m.Level, m.Ended, m.At = notify.AllClear, notify.OccasionOver, 0, clock(3, 41), clock(3, 50)
		m.Said = notify.Said{By: "ben", Text: "rolled back 412"}
		m.Note, m.Ack = "Customers were told at 03:44.", ""
	}},
	{"all-clear, closed by quiet", func(m *notify.Message) {
		m.Kind, m.Occasion, m.Level, m.Summary, m.Which = notify.AllClear, notify.OccasionQuiet, 0, "Payout 4711 waits", "m-42"
		m.Ended, m.At, m.Ack = clock(3, 12).AddDate(0, 0, -1), clock(9, 12), ""
	}},
	{"approval", func(m *notify.Message) {
		m.Kind, m.Occasion, m.Level, m.Part = notify.Notice, notify.OccasionApproval, 0, "runs"
		m.Note, m.Said.By, m.Until, m.Next = "Move EU card traffic to the secondary", "ben", clock(3, 40), []string{"cho"}
		m.Ack, m.Links = "", []event.Link{
			{URL: "https://bell.example/y/1?t=x", Text: "Approve"}, {URL: "https://bell.example/n/1?t=x", Text: "Refuse"},
		}
	}},
	{"loss", func(m *notify.Message) {
		*m = notify.Message{
			Key: "l-1-0", Kind: notify.Page, Occasion: notify.OccasionLoss, Priority: severity.P2, Summary: "alertmanager prod, DiskFull on db-7",
			Latest: "Its body could not be read: line 1, column 80: a number without end.", At: clock(3, 13),
			Links: []event.Link{{URL: "https://bell.example/lost/1", Text: "Look"}},
		}
	}},
	{"test", func(m *notify.Message) {
		*m = notify.Message{
			Key: "t-1-0", Kind: notify.Page, Occasion: notify.OccasionTest, Channel: "chat", Person: "ana", Service: "payments", At: clock(3, 13),
			Ack: "https://bell.example/a/t1",
		}
	}},
	{"page without an occasion", func(m *notify.Message) {
		m.Occasion, m.Which, m.Latest, m.Since, m.Next, m.Alerts, m.Zone, m.Ack = "", "", "", time.Time{}, nil, 0, "", ""
		m.Note = "disk: 80 % full; pending: traces"
	}},
	{"page in UTC, of yesterday", func(m *notify.Message) {
		m.Since, m.NextAt, m.At = clock(3, 12).AddDate(0, 0, -1).UTC(), m.NextAt.UTC(), m.At.UTC()
		m.Zone = ""
	}},
	{"three pages in one message", func(m *notify.Message) { *m = several(*m, 3) }},
	{"seventy pages in one message, without links", func(m *notify.Message) {
		m.Ack = ""
		*m = several(*m, 70)
	}},
	{"page that is too long", func(m *notify.Message) {
		m.Latest, m.Note = strings.Repeat("a<b & c>d ", 150), strings.Repeat("disk: 80 % full\n", 300)
		m.Links = append(m.Links, event.Link{URL: "https://graph.example/?" + strings.Repeat("x=1&", 1000) + "end"})
	}},
}

// several returns a message with n pages: that of m, one that is raised, and others of P2 and P3.
func several(m notify.Message, n int) notify.Message {
	words, err := notify.NewTemplates(nil)
	if err != nil {
		panic(err)
	}
	var pages []notify.Message
	for i := range n {
		p := m
		p.Key, p.Incident, p.Priority, p.At = fmt.Sprintf("k%dq%dm2ab-1-0", i, i%7), fmt.Sprintf("k%dq%dm2ab", i, i%7), severity.P3, m.At.Add(time.Minute)
		p.Summary, p.Which, p.NextAt = fmt.Sprintf("Queue %d is full", i), fmt.Sprintf("m-%d", i), m.NextAt.Add(time.Minute)
		if p.Ack != "" {
			p.Ack = fmt.Sprintf("https://bell.example/a/k%dq%dm2ab?t=x1_y2", i, i%7)
		}
		switch i {
		case 0:
			p.Priority, p.Summary, p.Which = severity.P2, "Search is slow", "idx-3"
		case n - 1:
			p = m
		}
		if err := words.Render(&p); err != nil {
			panic(err)
		}
		pages = append(pages, p)
	}
	return notify.Together(pages...)
}

// sampled returns a sample in the built-in words.
func sampled(t *testing.T, change func(*notify.Message)) notify.Message {
	m := checkout()
	change(&m)
	require.NoError(t, templates(t, nil).Render(&m))
	return m
}

// golden compares text with a file, and writes it with -update.
func golden(t *testing.T, name, text string) {
	file := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

// TestWords writes every sample as plain text.
func TestWords(t *testing.T) {
	var b strings.Builder
	for _, s := range samples {
		m := sampled(t, s.change)
		fmt.Fprintf(&b, "== %s ==\n%s\n\n", s.name, m.Parts(func(ps notify.Parts) bool { return len(ps.String()) <= 2000 }))
	}
	golden(t, "words", b.String())
}

// TestWhatPeopleSee writes what each channel shows of every sample, and the document of the first.
func TestWhatPeopleSee(t *testing.T) {
	for _, a := range adapters {
		if a.name == "sms" {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			var b, document strings.Builder
			var body []byte
			n := a.make("https://bell.example/hook", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				var err error
				body, err = io.ReadAll(r.Body)
				return &http.Response{StatusCode: 200, Body: io.NopCloser(http.NoBody)}, err
			})})
			for i, s := range samples {
				m := sampled(t, s.change)
				m.Channel, body = a.name, nil
				fmt.Fprintf(&b, "== %s ==\n", s.name)
				switch _, err := n.Notify(t.Context(), m); {
				case err != nil:
					fmt.Fprintf(&b, "(error: %v)\n\n", err)
				case body == nil:
					b.WriteString("(nothing is sent)\n\n")
				default:
					fmt.Fprintf(&b, "%s\n\n", seen(t, a.name, body))
				}
				if i == 0 {
					var indented bytes.Buffer
					require.NoError(t, json.Indent(&indented, body, "", "  "))
					fmt.Fprintf(&document, "== the document of: %s ==\n%s\n", s.name, &indented)
				}
			}
			golden(t, a.name, b.String()+document.String())
		})
	}
}

// seen returns the texts of a document that its channel shows.
func seen(t *testing.T, channel string, body []byte) string {
	var d struct {
		Text, Content, Title, Message string // Slack and Telegram; Discord; ntfy
		Attachments                   []struct {
			Content struct {
				Body []struct{ Inlines []struct{ Text string } }
			}
		}
		Action  string `json:"event_action"`
		Payload struct{ Severity, Summary string }
		Links   []struct{ Href, Text string }
		Type    string
	}
	require.NoError(t, json.Unmarshal(body, &d))
	switch channel {
	case "pagerduty":
		lines := []string{d.Action + ", " + d.Payload.Severity, d.Payload.Summary}
		for _, l := range d.Links {
			lines = append(lines, notify.Part{Text: l.Text, URL: l.Href}.String())
		}
		return strings.Join(lines, "\n")
	case "webhook":
		return d.Type
	case "ntfy":
		return d.Title + "\n" + d.Message
	case "teams":
		var lines []string
		for _, block := range d.Attachments[0].Content.Body {
			line := ""
			for _, run := range block.Inlines {
				line += run.Text
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}
	return d.Text + d.Content
}

// TestWhatLogsShow writes the record of every sample.
func TestWhatLogsShow(t *testing.T) {
	var b bytes.Buffer
	n := &log.Notifier{Logger: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))}
	for _, s := range samples[:len(samples)-1] {
		_, err := n.Notify(t.Context(), sampled(t, s.change))
		require.NoError(t, err)
	}
	golden(t, "log", b.String())
}

// TestFirstLines: a lock screen shows about 60 characters, which must name what happened and to what.
func TestFirstLines(t *testing.T) {
	for _, s := range samples {
		m := sampled(t, s.change)
		first := string([]rune(m.Title)[:min(60, len([]rune(m.Title)))])
		if m.Occasion != notify.OccasionTest && m.Occasion != notify.OccasionApproval {
			assert.Contains(t, first, strings.Fields(m.Summary)[0], s.name)
		}
		assert.NotContains(t, m.Title+m.Text, "<no value>")
		assert.LessOrEqual(t, len(m.Title), 256)
	}
}
