package slackapp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/notifytest"
	"github.com/tocsin-dev/tocsin/notify/slackapp"
)

func TestKeepsTheRules(t *testing.T) {
	notifytest.Run(t, func(_ *testing.T, url string, c *http.Client) notify.Notifier {
		return &slackapp.App{Token: notify.NewSecret("xoxb-T0Ctoken"), URL: url, Client: &http.Client{Transport: c.Transport}}
	})
}

func page() notify.Message {
	return notify.Message{
		Key: "INC-7/1/1", Kind: notify.Page, Channel: "slack", To: ana, Person: "ana", Title: "P1 payout waits", Text: "service checkout",
		Why: "impact high", Incident: "INC-7", Priority: 1, Round: 2, Level: 1, Summary: "payout waits", Runbook: "https://wiki.example/payout",
		Ack: "https://bell.example/a/token", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

// TestBlocks: what people see of a message, and what its buttons hold.
func TestBlocks(t *testing.T) {
	long := strings.Repeat("x", 4000)
	for _, c := range []struct {
		name   string
		change func(*notify.Message)
		shows  string
		holds  string // value of the first button
	}{
		{
			"a page", func(*notify.Message) {},
			"P1 payout waits\nservice checkout\nimpact high\nRunbook: <https://wiki.example/payout> [Acknowledge] [Open]", `{"incident":"INC-7","round":2,"level":1}`,
		},
		{
			"to a room", func(m *notify.Message) { m.Ack, m.Person = "", "" },
			"P1 payout waits\nservice checkout\nimpact high\nRunbook: <https://wiki.example/payout> [Acknowledge]", `{"incident":"INC-7","round":2,"level":1}`,
		},
		{"a notice", func(m *notify.Message) { m.Kind, m.Ack, m.Runbook = notify.Notice, "", "" }, "P1 payout waits\nservice checkout\nimpact high", ""},
		{"a test", func(m *notify.Message) { m.Occasion, m.Ack, m.Runbook = notify.OccasionTest, "", "" }, "P1 payout waits\nservice checkout", ""},
		{"an approval", func(m *notify.Message) { m.Occasion, m.Runbook, m.Ack = notify.OccasionApproval, "", "" }, "P1 payout waits\nservice checkout\nimpact high", ""},
		{"to an audience", func(m *notify.Message) {
			*m = notify.Message{Kind: notify.Page, Audience: true, To: "C1", Title: "a", Incident: "INC-7"}
		}, "a", ""},
		{
			"a link too long for a button", func(m *notify.Message) { m.Ack, m.Text, m.Runbook = "https://bell.example/a/"+long, "", "" },
			"P1 payout waits\nimpact high\n… 1 link left out [Acknowledge]", `{"incident":"INC-7","round":2,"level":1}`,
		},
		{
			"several pages in one", func(m *notify.Message) {
				m.Occasion, m.Incident, m.Text, m.Why, m.Ack, m.Runbook, m.Title = notify.OccasionMany, "", "", "", "", "", "2 pages"
				m.Pages = []notify.PageOf{{Title: "P1 one", Incident: "INC-7", Ack: "https://bell.example/a/1"}, {Title: "P2 two", Incident: "INC-8", Round: 1, Level: 1}}
			},
			"", `{"incident":"INC-7"}`,
		},
		{"nothing", func(m *notify.Message) { *m = notify.Message{To: "C1"} }, "tocsin", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSlack(t)
			m := page()
			c.change(&m)
			receipt, err := s.app(t).Notify(t.Context(), m)
			require.NoError(t, err)
			assert.Equal(t, "1700000000.000001", receipt.ID)
			posted := s.posted[0]
			if c.shows != "" {
				assert.Equal(t, c.shows, s.shows(posted))
			} else {
				assert.Regexp(t, `(?s)P1 one.*https://bell.example/a/1.*P2 two.* \[Acknowledge INC-7\] \[Acknowledge INC-8\]$`, s.shows(posted))
			}
			assert.Equal(t, []string{"none", "false", "false", "false"},
				[]string{posted.form.Get("parse"), posted.form.Get("mrkdwn"), posted.form.Get("link_names"), posted.form.Get("unfurl_links")})
			if c.holds == "" {
				assert.NotContains(t, string(posted.blocks), "button")
				return
			}
			assert.Equal(t, c.holds, s.pressed(t, posted))
			assert.NotContains(t, c.holds, "token", "a button holds nothing secret")
		})
	}
}

// pressed returns the value of the first button.
func (s *fakeSlack) pressed(t *testing.T, m *message) string {
	t.Helper()
	var click struct{ Actions []struct{ Value string } }
	require.NoError(t, json.Unmarshal([]byte(s.press(t, m, ana)), &click))
	return click.Actions[0].Value
}

// TestTheRoomOfTheApp: a message without an address goes there; without a room it is refused.
func TestTheRoomOfTheApp(t *testing.T) {
	s := newSlack(t)
	app := s.app(t)
	m := page()
	m.To = ""
	_, err := app.Notify(t.Context(), m)
	require.EqualError(t, err, "the message has no address, expected a channel or member in it, or App.Room")
	assert.True(t, notify.IsPermanent(err))
	app.Room = "C0ROOM0000"
	_, err = app.Notify(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, "C0ROOM0000", s.posted[0].channel)
}

// hostile are texts that would format, mention, hide a link, reverse a line, or add a block, if anything read mark-up in them.
func hostile() (texts []string) {
	for _, text := range []string{
		"<!channel>", "<!here|x>", "<@U0BEN00000>", "<#C0SHOP0000>", "<!subteam^S1>", "<!date^1^{time}|x>", "<https://evil.example|bank>", "@everyone", "*b* _i_ ~s~ `c`",
		"```\ncode\n```", "> quote", "&lt;!channel&gt;", "&amp;", `"}]},{"type":"actions","elements":[]}`, `\"}`, `","action_id":"tocsin-ack","value":"x`, `{"type":"button"}`,
		":fire:", "<script>alert(1)</script>", "javascript:alert(1)", "<img src=x onerror=alert(1)>", "\u202egnp.exe", "\u2066x\u2069", "\u200b", "\x00", "\x1b[31m",
		"&blocks=[]", "&text=x", "%26blocks%3D[]", "\r\nX-Evil: 1", "[a](https://evil.example)", "https://evil.example/?a=b|c>", "\xff\xfe", "\u2028", "a\tb", "\U000e0041", "ｆｕｌｌ", "‮", "<mailto:x@evil.example|x>", "\u061c",
	} {
		texts = append(texts, text, "x "+text+" y", text+text, strings.Repeat(text, 9), strings.ToUpper(text))
	}
	return texts
}

// shape returns the form of blocks: all but the texts, URLs and values in them.
func shape(t *testing.T, blocks json.RawMessage) string {
	t.Helper()
	var doc any
	require.NoError(t, json.Unmarshal(blocks, &doc))
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for name := range v {
				if _, text := v[name].(string); text && (name == "text" || name == "url" || name == "value") {
					v[name] = "…"
				} else {
					v[name] = walk(v[name])
				}
			}
		}
		return v
	}
	text, err := json.Marshal(walk(doc))
	require.NoError(t, err)
	return string(text)
}

// TestHostileTexts puts texts into every field that an event fills. The blocks have the form that they have with plain texts, no text is
// mark-up, and a click on the button is that of the incident.
func TestHostileTexts(t *testing.T) {
	s := newSlack(t)
	app := s.app(t)
	post := func(text string) *message {
		m := page()
		m.Title, m.Text, m.Why, m.Summary, m.Note, m.Latest, m.Which = text, text+"T", text+"W", text, text+"N", text, text
		_, err := app.Notify(t.Context(), m)
		require.NoError(t, err, "%q", text)
		return s.posted[len(s.posted)-1]
	}
	want := shape(t, post("plain").blocks)
	texts := hostile()
	assert.GreaterOrEqual(t, len(texts), 200)
	for _, text := range texts {
		posted := post(text)
		assert.Equal(t, want, shape(t, posted.blocks), "%q", text)
		assert.Equal(t, `{"incident":"INC-7","round":2,"level":1}`, s.pressed(t, posted), "%q", text)
		assert.NotContains(t, posted.text, "<", "%q", text)
		seen := s.shows(posted)
		for _, r := range "\u202e\u2066\u2069\x1b\x00\u061c" {
			assert.NotContains(t, seen, string(r), "%q", text)
		}
		assert.NotContains(t, string(posted.blocks), "mrkdwn", "%q", text)
	}
}

// TestWhatSlackAnswers: errors in our words, and whether a retry can help.
func TestWhatSlackAnswers(t *testing.T) {
	for _, c := range []struct {
		code  string
		want  string
		again bool
	}{
		{"ratelimited", "too many messages", true},
		{"internal_error", "Slack is broken", true},
		{"channel_not_found", "Slack has no such channel or member, expected an id such as C012AB3CD or U012AB3CD", false},
		{"not_in_channel", "the app is not in the channel, expected somebody to invite it", false},
		{"invalid_auth", "the token is not valid", false},
		{"canary", "Slack refused it", false},
	} {
		s := newSlack(t)
		s.refuse = c.code
		_, err := s.app(t).Notify(t.Context(), page())
		require.EqualError(t, err, c.want)
		assert.Equal(t, !c.again, notify.IsPermanent(err), c.code)
	}
	for body, want := range map[string]string{"<html>canary": "the answer of Slack cannot be read", "": "the answer of Slack cannot be read", `{"ok":"canary"}`: "the answer of Slack cannot be read"} {
		app := &slackapp.App{Token: notify.NewSecret("xoxb-1"), Client: &http.Client{Transport: says(body)}}
		_, err := app.Notify(t.Context(), page())
		require.EqualError(t, err, want)
		assert.False(t, notify.IsPermanent(err))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newSlack(t).app(t).Notify(ctx, page())
	require.ErrorIs(t, err, context.Canceled)
}

// says is a transport that answers 200 and a body.
type says string

func (s says) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(string(s))), Header: http.Header{}}, nil
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ token, url, want string }{
		{"xoxb-canary\n", "", ""},
		{"xoxb-canary", "https://slack-gov.example/api/", ""},
		{"", "", "the token of the bot is missing, expected one that begins with xoxb-"},
		{"canary", "", "the token of the bot is malformed, expected one that begins with xoxb-"},
		{"xoxb-canary", "slack.example/canary", "the URL is malformed, expected http or https and a host, as in https://slack.com/api/"},
	} {
		app := &slackapp.App{Token: notify.NewSecret(c.token), URL: c.url}
		err := notify.Check(app)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, c.want)
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			assert.NotContains(t, fmt.Sprintf(verb, errors.Join(err)), "canary")
		}
	}
}
