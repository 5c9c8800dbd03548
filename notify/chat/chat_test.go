package chat

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// wire is an http.RoundTripper without a network. It records the last request and always returns the same answer.
type wire struct {
	code   int
	header http.Header
	body   string

	url  string
	sent http.Header
	text string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	w.url, w.sent, w.text = r.URL.String(), r.Header, string(body)
	return &http.Response{StatusCode: w.code, Header: w.header, Body: io.NopCloser(strings.NewReader(w.body))}, err
}

// document returns the value at a path of the JSON body.
func (w *wire) document(t *testing.T, path ...any) any {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(w.text), &value))
	for _, step := range path {
		switch step := step.(type) {
		case string:
			value = value.(map[string]any)[step]
		case int:
			value = value.([]any)[step]
		}
	}
	return value
}

var (
	cardTitle = []any{"attachments", 0, "content", "body", 0, "inlines", 0, "text"}
	cardText  = []any{"attachments", 0, "content", "body", 1, "inlines", 0, "text"}
)

// sinks lists the services and the JSON paths of their texts.
var sinks = []struct {
	name  string
	make  func() *Notifier
	url   string // expected URL of the request
	title []any  // nil: the text begins with the title
	text  []any
}{
	{"slack", func() *Notifier { return Slack("https://hooks.slack.example/T/B/x") }, "https://hooks.slack.example/T/B/x", nil, []any{"text"}},
	{
		"teams", func() *Notifier { return Teams("https://flow.example/x?sig=y") }, "https://flow.example/x?sig=y",
		cardTitle, cardText,
	},
	{
		"discord", func() *Notifier { return Discord("https://discord.example/api/webhooks/1/x?thread_id=5") },
		"https://discord.example/api/webhooks/1/x?thread_id=5&wait=true", nil,
		[]any{"content"},
	},
	{
		"telegram", func() *Notifier { return Telegram("123:abc", "-100") }, "https://api.telegram.org/bot123:abc/sendMessage",
		nil,
		[]any{"text"},
	},
	{
		"ntfy", func() *Notifier { return Ntfy("https://ntfy.example/bell", "tk_x") }, "https://ntfy.example/",
		[]any{"title"},
		[]any{"message"},
	},
}

func page() notify.Message {
	return notify.Message{
		Key: "INC-7/1/1", Kind: notify.Page, Title: "P1 payout waits", Text: "service checkout", Why: "impact high", Incident: "INC-7",
		Priority: severity.P1, TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

func send(t *testing.T, n *Notifier, w *wire, m notify.Message) (notify.Receipt, error) {
	t.Helper()
	if w.code == 0 {
		w.code = 200
	}
	n.Client = &http.Client{Transport: w}
	return n.Notify(t.Context(), m)
}

func TestRequest(t *testing.T) {
	for _, s := range sinks {
		t.Run(s.name, func(t *testing.T) {
			w := &wire{}
			_, err := send(t, s.make(), w, page())
			require.NoError(t, err)
			assert.Equal(t, s.url, w.url)
			assert.Equal(t, "application/json", w.sent.Get("Content-Type"))
			assert.Equal(t, page().TraceParent, w.sent.Get("traceparent"))
			assert.Len(t, w.sent.Get("Tocsin-Message-Id"), 36)
			want := "P1 payout waits\nservice checkout\nimpact high"
			if s.title != nil {
				assert.Equal(t, "P1 payout waits", w.document(t, s.title...))
				want = "service checkout\nimpact high"
			}
			assert.Equal(t, want, w.document(t, s.text...))
		})
	}
}

func TestWhatServicesAreTold(t *testing.T) {
	tell := func(n *Notifier, change func(*notify.Message)) *wire {
		m, w := page(), &wire{}
		if change != nil {
			change(&m)
		}
		_, err := send(t, n, w, m)
		require.NoError(t, err)
		return w
	}
	w := tell(Teams("https://flow.example"), nil)
	assert.Equal(t, "message", w.document(t, "type"))
	assert.Equal(t, "application/vnd.microsoft.card.adaptive", w.document(t, "attachments", 0, "contentType"))

	w = tell(Discord("https://discord.example"), nil)
	assert.Equal(t, map[string]any{"parse": []any{}}, w.document(t, "allowed_mentions"))

	w = tell(Telegram("x", "-100"), nil)
	assert.Equal(t, "-100", w.document(t, "chat_id"))
	assert.Equal(t, false, w.document(t, "disable_notification"))
	assert.NotContains(t, w.document(t), "parse_mode")
	w = tell(Telegram("x", "-100"), func(m *notify.Message) { m.Kind = notify.Notice })
	assert.Equal(t, true, w.document(t, "disable_notification"))

	w = tell(Ntfy("https://ntfy.example/bell", "tk_x"), nil)
	assert.Equal(t, "bell", w.document(t, "topic"))
	assert.Equal(t, w.sent.Get("Tocsin-Message-Id"), w.document(t, "sequence_id"))
	assert.Equal(t, "Bearer tk_x", w.sent.Get("Authorization"))
	w = tell(Ntfy("https://ntfy.example/bell", ""), nil)
	assert.NotContains(t, w.sent, "Authorization")
	for _, c := range []struct {
		kind     notify.Kind
		priority severity.Priority
		want     float64
	}{
		{notify.Page, severity.P1, 5},
		{notify.Page, severity.P2, 5},
		{notify.Page, severity.P3, 4},
		{notify.Page, severity.P5, 3},
		{notify.Page, 0, 4},
		{notify.AllClear, severity.P1, 3},
	} {
		w = tell(Ntfy("https://ntfy.example/bell", ""), func(m *notify.Message) { m.Kind, m.Priority = c.kind, c.priority })
		assert.Equal(t, c.want, w.document(t, "priority"), "%s %s", c.kind, c.priority)
	}
}

func TestTo(t *testing.T) {
	for _, c := range []struct {
		name, to string
		sink     int
		want     string // of the text
		path     []any
		at       any
	}{
		{"slack, a handle", "@ana", 0, "P1 payout waits\nfor @ana\nservice checkout\nimpact high", nil, nil},
		{"slack, a member id", "U012AB3CD", 0, "<@U012AB3CD> P1 payout waits\nservice checkout\nimpact high", nil, nil},
		{"slack, mark-up", "<!channel>", 0, "P1 payout waits\nfor &lt;!channel&gt;\nservice checkout\nimpact high", nil, nil},
		{"slack, almost a member id", "U012AB3CD>", 0, "P1 payout waits\nfor U012AB3CD&gt;\nservice checkout\nimpact high", nil, nil},
		{"teams, a room", "#pci", 1, "for #pci\nservice checkout\nimpact high", nil, nil},
		{"discord, a handle", "@ana", 2, "P1 payout waits\nfor \\@ana\nservice checkout\nimpact high", []any{"allowed_mentions", "users"}, nil},
		{
			"discord, a user id", "80351110224678912", 2, "<@80351110224678912> P1 payout waits\nservice checkout\nimpact high",
			[]any{"allowed_mentions", "users", 0},
			"80351110224678912",
		},
		{"telegram, a chat", "4711", 3, "P1 payout waits\nservice checkout\nimpact high", []any{"chat_id"}, "4711"},
		{"ntfy, a topic", "ana", 4, "service checkout\nimpact high", []any{"topic"}, "ana"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, m := &wire{}, page()
			m.To = c.to
			s := sinks[c.sink]
			_, err := send(t, s.make(), w, m)
			require.NoError(t, err)
			assert.Equal(t, c.want, w.document(t, s.text...))
			if c.path != nil {
				assert.Equal(t, c.at, w.document(t, c.path...))
			}
		})
	}
}

// TestMarkupIsDead checks that no text from a message acts as mark-up, if the request itself does not turn mark-up off.
func TestMarkupIsDead(t *testing.T) {
	for _, c := range []struct {
		text                            string
		slack, teams, discord, telegram string
	}{
		{"<!channel> <!here>", "&lt;!channel&gt; &lt;!here&gt;", "", `\<!channel\> \<!here\>`, ""},
		{"<@U012AB3CD>", "&lt;@U012AB3CD&gt;", "", `\<\@U012AB3CD\>`, "<@\u2060U012AB3CD>"},
		{"<https://evil.example|a>", "&lt;https://evil.example|a&gt;", "", `\<https\://evil\.example\|a\>`, ""},
		{"&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;", "", "", ""},
		{"@everyone @here", "", "", `\@everyone \@here`, "@\u2060everyone @\u2060here"},
		{"[a](https://evil.example)", "", "", `\[a\]\(https\://evil\.example\)`, ""},
		{"*b* _i_ ~s~ `c`", "", "", "\\*b\\* \\_i\\_ \\~s\\~ \\`c\\`", ""},
		{"# h\n> q\n- l\n1. n", "# h\n&gt; q\n- l\n1. n", "", "\\# h\n\\> q\n\\- l\n1\\. n", ""},
		{`a\*b`, "", "", `a\\\*b`, ""},
		{"https://x.example/a_b?c=d", "", "", "https://x.example/a_b?c=d", ""},
		{"https://x.example/*a*", "", "", `https\://x\.example/\*a\*`, ""},
		{"<at>ana</at>", "&lt;at&gt;ana&lt;/at&gt;", "", `\<at\>ana\</at\>`, ""},
	} {
		for i, want := range []string{c.slack, c.teams, c.discord, c.telegram, ""} {
			s, w, m := sinks[i], &wire{}, page()
			m.Title, m.Text, m.Why = "t", c.text, ""
			_, err := send(t, s.make(), w, m)
			require.NoError(t, err)
			if want == "" {
				want = c.text
			}
			got := strings.TrimPrefix(w.document(t, s.text...).(string), "t\n")
			assert.Equal(t, want, got, s.name)
		}
	}
}

// TestTextsAreCut checks for arbitrary texts that the sent text is UTF-8, keeps the limit, and marks a cut.
func TestTextsAreCut(t *testing.T) {
	for _, s := range []*service{&slack, &teams, &discord, &telegram, &ntfy} {
		rapid.Check(t, func(t *rapid.T) {
			limit := rapid.IntRange(20, 60).Draw(t, "limit")
			words := rapid.SliceOf(rapid.SampledFrom([]string{"<&>", "a", "é", "€", "😀", "@", "\\", "*", "\xff", "https://x.example/a_b", " ", "\n", `"`}))
			plain := strings.Join(words.Draw(t, "words"), "")
			got := s.fit(plain, limit)
			if !utf8.ValidString(got) || s.size(got) > limit {
				t.Fatalf("%q of %d, expected UTF-8 and at most %d", got, s.size(got), limit)
			}
			if whole := s.fit(plain, 1<<20); got != whole && !strings.HasSuffix(got, "…") {
				t.Fatalf("%q is a part of %q and not marked", got, whole)
			}
		})
	}
	for _, s := range sinks {
		w, m := &wire{}, page()
		m.Title, m.Text, m.Why, m.To = strings.Repeat("<", 256), strings.Repeat("<€😀>", 5000), strings.Repeat("&", 5000), "U012AB3CD"
		_, err := send(t, s.make(), w, m)
		require.NoError(t, err)
		assert.Less(t, len(w.text), 28<<10, s.name)
		assert.Contains(t, w.document(t, s.text...), "…", s.name)
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name    string
		sink    int
		wire    wire
		receipt string
		want    string
		delay   time.Duration
		final   bool
	}{
		{name: "slack", sink: 0, wire: wire{code: 200, body: "ok"}},
		{name: "slack, no such webhook", sink: 0, wire: wire{code: 404, body: "no_service"}, want: "HTTP status 404", final: true},
		{name: "teams", sink: 1, wire: wire{code: 202}},
		{name: "discord", sink: 2, wire: wire{code: 200, body: `{"id":"334385199974967042"}`}, receipt: "334385199974967042"},
		{
			name: "discord, rate in the body", sink: 2, wire: wire{code: 429, body: `{"retry_after":0.65,"global":false}`},
			want: "HTTP status 429", delay: 650 * time.Millisecond,
		},
		{
			name: "discord, rate in the header", sink: 2,
			wire: wire{code: 429, header: http.Header{"Retry-After": {"65"}}, body: `{"retry_after":64.57}`},
			want: "HTTP status 429", delay: 65 * time.Second,
		},
		{name: "telegram", sink: 3, wire: wire{code: 200, body: `{"ok":true,"result":{"message_id":815}}`}, receipt: "815"},
		{
			name: "telegram, rate", sink: 3, wire: wire{code: 429, body: `{"ok":false,"error_code":429,"parameters":{"retry_after":5}}`},
			want: "HTTP status 429", delay: 5 * time.Second,
		},
		{
			name: "telegram, blocked", sink: 3, wire: wire{code: 403, body: `{"ok":false,"error_code":403,"description":"blocked"}`},
			want: "HTTP status 403", final: true,
		},
		{
			name: "telegram, not ok behind 200", sink: 3, wire: wire{code: 200, body: `{"ok":false,"error_code":400}`},
			want: "HTTP status 400", final: true,
		},
		{
			name: "an absurd pause", sink: 3, wire: wire{code: 429, body: `{"ok":false,"parameters":{"retry_after":1e300}}`},
			want: "HTTP status 429", delay: 24 * time.Hour,
		},
		{name: "ntfy", sink: 4, wire: wire{code: 200, body: `{"id":"sPs71M8A2T","event":"message"}`}, receipt: "sPs71M8A2T"},
		{name: "ntfy, not allowed", sink: 4, wire: wire{code: 403, body: `{"code":40301}`}, want: "HTTP status 403", final: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			receipt, err := send(t, sinks[c.sink].make(), &c.wire, page())
			assert.Equal(t, c.receipt, receipt.ID)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
			assert.Equal(t, c.final, notify.IsPermanent(err))
			assert.Equal(t, c.delay, notify.RetryDelay(err, time.Time{}))
		})
	}
}

func TestWhatCannotBeSentIsPermanent(t *testing.T) {
	for name, n := range map[string]*Notifier{
		"not made by a function of ours": {},
		"an empty URL":                   Slack(""),
		"a URL that does not parse":      Discord("https://x.example/%zz"),
		"a topic without a server":       Ntfy("bell", ""),
	} {
		n.Client = &http.Client{Transport: &wire{}}
		_, err := n.Notify(t.Context(), page())
		require.Error(t, err, name)
		assert.True(t, notify.IsPermanent(err), name)
	}
	_, err := Slack("http://127.0.0.1/hook").Notify(t.Context(), page())
	require.ErrorContains(t, err, "expected a public address, or an http.Client of your own")
	assert.True(t, notify.IsPermanent(err))
}

func TestNotifiersShowNoSecret(t *testing.T) {
	n := Telegram("canary", "-100")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, n), "canary", verb)
	}
}
