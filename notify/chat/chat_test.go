package chat

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/event"
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
		{"https://x.example/a_b?c=d", "", "", "<https://x.example/a_b?c=d>", ""},
		{"https://x.example/*a*", "", "", "<https://x.example/*a*>", ""},
		{"see https://x.example/a_(b), now", "", "", `see <https://x.example/a_(b)>, now`, ""},
		{"(https://x.example/a).", "", "", `\(https\://x\.example/a\)\.`, ""},
		{"https://x.example/a).", "", "", `<https://x.example/a>\)\.`, ""},
		{"https://x.example/@ana @ana", "", "", `<https://x.example/@ana> \@ana`, "https://x.example/@ana @\u2060ana"},
		{"https://@ana", "", "", `https\://\@ana`, "https://@\u2060ana"},
		{"https://x.example|a", "", "", `https\://x\.example\|a`, ""},
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

// TestDocumentsFit draws messages of texts that grow when they are encoded or escaped. What each service gets is valid, within the
// limits of the service, and every link in it is whole.
func TestDocumentsFit(t *testing.T) {
	words := rapid.SampledFrom([]string{
		"<&>", "a=1&b=2&", "é", "€", "😀", "@ana", `\`, "*_~`", "\xff", `"`, "\x1b[0m", "\x00", "\u2028", "\n", "https://x.example/a_(b)?c=@d&e=f",
	})
	text := rapid.Custom(func(t *rapid.T) string {
		part := strings.Join(rapid.SliceOfN(words, 0, 12).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		return strings.Repeat(part, rapid.SampledFrom([]int{1, 2, 20, 400}).Draw(t, "times"))
	})
	link := rapid.Custom(func(t *rapid.T) string {
		query := strings.Repeat("x=%28y%29&z=*_~(1)|", rapid.SampledFrom([]int{0, 1, 40, 210}).Draw(t, "length"))
		return "https://graph.example/@ops/?" + query + "end"
	})
	for _, s := range sinks {
		t.Run(s.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				m := notify.Message{
					Key: "k", Kind: notify.Page, To: rapid.SampledFrom([]string{"", "U012AB3CD", "80351110224678912", "a<b>"}).Draw(rt, "to"),
					Title: text.Draw(rt, "title"), Text: text.Draw(rt, "text"), Why: text.Draw(rt, "why"), Note: text.Draw(rt, "note"),
					Ack: link.Draw(rt, "ack"), Runbook: link.Draw(rt, "runbook"),
					Links: []event.Link{{URL: link.Draw(rt, "first"), Text: "first"}, {URL: link.Draw(rt, "second")}},
				}
				m.Title = m.Title[:min(len(m.Title), 256)] // as it is rendered
				w := &wire{}
				_, err := send(t, s.make(), w, m)
				require.NoError(t, err)
				kept(rt, s.name, w, &m)
			})
		})
	}
}

// kept fails the test unless the document in w keeps the limits of the service, and the links of m in it are whole.
func kept(t *rapid.T, service string, w *wire, m *notify.Message) {
	var document any
	if err := json.Unmarshal([]byte(w.text), &document); err != nil || !utf8.ValidString(w.text) {
		t.Fatalf("%q is no JSON: %v", w.text, err)
	}
	texts := texts(document)
	shown := strings.Join(texts, "\n")
	limits := map[string]int{"slack": 4000, "discord": 2000, "telegram": 4096}
	switch service {
	case "teams":
		if len(w.text) > 28<<10 {
			t.Fatalf("%d bytes, Teams takes 28 KB", len(w.text))
		}
	case "ntfy":
		if message := document.(map[string]any)["message"].(string); len(w.text) >= 8192 || len(message) >= 4096 {
			t.Fatalf("a document of %d bytes, a message of %d, ntfy takes 8191 and 4095", len(w.text), len(message))
		}
	default:
		longest := slices.MaxFunc(texts, func(a, b string) int { return units(a) - units(b) })
		if units(longest) > limits[service] {
			t.Fatalf("%d characters, expected at most %d", units(longest), limits[service])
		}
	}
	links := []string{m.Ack, m.Runbook, m.Links[0].URL, m.Links[1].URL}
	found := 0
	for _, word := range strings.Fields(shown) {
		word = strings.ReplaceAll(strings.Trim(word, "<>"), "&amp;", "&")
		if !strings.HasPrefix(word, "https://graph.example/") {
			continue
		}
		found++
		if !slices.Contains(links, strings.ReplaceAll(word, "%7C", "|")) {
			t.Fatalf("%q is no link of the message", word)
		}
	}
	slices.Sort(links)
	if found < len(slices.Compact(links)) && !strings.Contains(shown, "left out") {
		t.Fatalf("%d links found, expected the message to say that some are left out: %q", found, shown)
	}
}

// texts returns the strings of a document that people see.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	case map[string]any:
		for name, item := range v {
			if name != "selectAction" && name != "$schema" {
				all = append(all, texts(item)...)
			}
		}
	}
	return all
}

func TestTextsThatGrow(t *testing.T) {
	for name, word := range map[string]string{
		"angles": "<", "query strings": "a=1&b=2&", "colours": "\x1b[0m", "quotes": `"`, "line separators": "\u2028", "emojis": "😀",
		"4 kB in one line": "x",
	} {
		for _, s := range sinks {
			w, m := &wire{}, page()
			m.Text = strings.Repeat(word, 4096/len(word))
			_, err := send(t, s.make(), w, m)
			require.NoError(t, err)
			assert.Contains(t, w.text, "impact high", "%s, %s: the reason is in it", s.name, name)
			if s.name == "ntfy" {
				assert.Less(t, len(w.text), 8192, name)
			}
		}
	}
}

func TestLinks(t *testing.T) {
	for _, c := range []struct{ name, link, slack, discord string }{
		{
			"of Kibana", "https://kibana.example/app#/?_g=(time:(from:now-15m))&_a=(query:'level:error')",
			"<https://kibana.example/app#/?_g=(time:(from:now-15m))&amp;_a=(query:'level:error')>", "",
		},
		{"with brackets", "https://wiki.example/?title=Runbook_(database)", "", ""},
		{"with marks of mentions", "https://git.example/@ops/~runbooks/db.md", "", ""},
		{"with a bar", "https://x.example/a|b", "<https://x.example/a%7Cb>", "<https://x.example/a|b>"},
		{"with a backslash", `https://x.example/a\b`, "", "<https://x.example/a%5Cb>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i, want := range []string{cmp.Or(c.slack, "<"+c.link+">"), c.link, cmp.Or(c.discord, "<"+c.link+">"), c.link, c.link} {
				s, w := sinks[i], &wire{}
				_, err := send(t, s.make(), w, notify.Message{Title: "t", Runbook: c.link})
				require.NoError(t, err)
				if s.name == "teams" {
					assert.Equal(t, want, w.document(t, "attachments", 0, "content", "body", 1, "inlines", 1, "text"))
					assert.Equal(t, want, w.document(t, "attachments", 0, "content", "body", 1, "inlines", 1, "selectAction", "url"))
					continue
				}
				assert.Equal(t, "Runbook: "+want, strings.TrimPrefix(w.document(t, s.text...).(string), "t\n"), s.name)
			}
		})
	}
}

func TestNtfyURL(t *testing.T) {
	for raw, want := range map[string][2]string{
		"https://ntfy.example/bell":       {"https://ntfy.example/", "bell"},
		"https://ntfy.example/bell/":      {"https://ntfy.example/", "bell"},
		"https://ntfy.example/bell//":     {"https://ntfy.example/", "bell"},
		"https://x.example/ntfy/bell":     {"https://x.example/ntfy/", "bell"},
		"https://x.example/ntfy/bell/":    {"https://x.example/ntfy/", "bell"},
		"https://x.example/a%2Fb/bell?x=": {"https://x.example/a/b/?x=", "bell"},
	} {
		w := &wire{}
		_, err := send(t, Ntfy(raw, ""), w, page())
		require.NoError(t, err)
		assert.Equal(t, want, [2]string{w.url, w.document(t, "topic").(string)}, raw)
	}
}

// TestWhiteSpace: a secret that was read from a file ends in a line break.
func TestWhiteSpace(t *testing.T) {
	for i, n := range []*Notifier{
		Slack(" https://hooks.slack.example/T/B/x\n"), Teams("https://flow.example/x?sig=y\r\n"),
		Discord("https://discord.example/api/webhooks/1/x?thread_id=5\n"), Telegram("123:abc\n", "-100\n"),
		Ntfy("https://ntfy.example/bell\n", "tk_x\n"),
	} {
		w := &wire{}
		require.NoError(t, n.Check(), sinks[i].name)
		_, err := send(t, n, w, page())
		require.NoError(t, err, sinks[i].name)
		assert.Equal(t, sinks[i].url, w.url)
		assert.NotContains(t, w.text, `\n"`)
		assert.NotContains(t, w.sent.Get("Authorization"), "\n")
	}
}

func TestCheck(t *testing.T) {
	const noURL, badURL = "the URL is missing, expected http or https and a host", "the URL is malformed, expected http or https and a host"
	for _, c := range []struct {
		name string
		n    *Notifier
		want string
	}{
		{"not made by a function of ours", &Notifier{}, "no service, expected a notifier from Slack, Teams and so on"},
		{"slack", Slack("https://hooks.slack.example/x"), ""},
		{"slack without a URL", Slack("\n"), noURL},
		{"teams with a path only", Teams("/canary"), badURL},
		{"discord over ftp", Discord("ftp://discord.example/canary"), badURL},
		{"telegram", Telegram("123456:ABC-DEF", "-1001557912345"), ""},
		{"telegram by name", Telegram("123456:ABC-DEF", "@ops"), ""},
		{"telegram without a token", Telegram("", "1"), "the token of the bot is missing, expected one such as 123456:ABC-DEF"},
		{"telegram with half a token", Telegram("canary", "1"), "the token of the bot is malformed, expected one such as 123456:ABC-DEF"},
		{"telegram without a chat", Telegram("1:x", ""), "the chat is missing, expected its id or @name: messages without an address go there"},
		{"telegram with another chat", Telegram("1:x", "ops"), `the chat is "ops", expected its id, such as -100123, or @name`},
		{"ntfy", Ntfy("https://ntfy.example/bell", ""), ""},
		{"ntfy without a topic", Ntfy("https://ntfy.example/", ""), "the topic is missing at the end of the URL, expected one such as https://ntfy.sh/topic"},
		{"ntfy without a server", Ntfy("canary", ""), badURL},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := notify.Check(c.n)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
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
			name: "telegram, the group has moved", sink: 3,
			wire: wire{code: 400, body: `{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1001557912345}}`},
			want: "HTTP status 400: the group is now a supergroup; its id is now -1001557912345", final: true,
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
