package chat

import (
	"cmp"
	"net/http"
	"net/url"
	"path"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// service is a row of the table: what makes one service different from the others.
type service struct {
	limit    int                    // of a text
	size     func(string) int       // what the limit counts
	escape   func(string) string    // nil where a text is plain by itself
	mentions func(to string) bool   // whether To is an id that the service can mention; nil: never
	directs  bool                   // To is where the message goes
	request  func(*Notifier, *text) // fills in address, header and document
}

var slack = service{
	limit: 4000, size: units, escape: escapeSlack, mentions: isSlackMember, // Slack advises against more
	request: func(n *Notifier, t *text) {
		t.address = n.url.Reveal()
		t.document = map[string]any{
			"text": t.mention + t.all(), "mrkdwn": false, "parse": "none", "link_names": false,
			"unfurl_links": false, "unfurl_media": false,
		}
	},
}

// A card may have 28 KB. Its text runs know no markdown, and a mention would need an entity of its own.
var teams = service{
	limit: 16 << 10, size: quoted,
	request: func(n *Notifier, t *text) {
		block := func(words, weight string) any {
			run := map[string]any{"type": "TextRun", "text": words, "weight": weight}
			return map[string]any{"type": "RichTextBlock", "inlines": []any{run}}
		}
		card := map[string]any{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
			"body": []any{block(t.title(), "bolder"), block(t.rest(), "default")},
		}
		attachment := map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
		t.address = n.url.Reveal()
		t.document = map[string]any{"type": "message", "attachments": []any{attachment}}
	},
}

var discord = service{
	limit: 2000, size: units, escape: escapeMarkdown, mentions: isDiscordID,
	request: func(n *Notifier, t *text) {
		const suppressEmbeds = 1 << 2
		mentions := map[string]any{"parse": []string{}}
		if t.mention != "" {
			mentions["users"] = []string{t.m.To}
		}
		t.address = n.url.Reveal()
		if u, err := url.Parse(t.address); err == nil {
			query := u.Query()
			query.Set("wait", "true") // else 2xx comes before the message is kept, or refused
			u.RawQuery = query.Encode()
			t.address = u.String()
		}
		t.document = map[string]any{"content": t.mention + t.all(), "allowed_mentions": mentions, "flags": suppressEmbeds}
	},
}

// Without a parse_mode texts are plain, but for the mentions that Telegram finds by itself.
var telegram = service{
	limit: 4096, size: units, escape: escapeMentions, directs: true,
	request: func(n *Notifier, t *text) {
		t.address = "https://api.telegram.org/bot" + n.token.Reveal() + "/sendMessage"
		t.document = map[string]any{
			"chat_id": cmp.Or(t.m.To, n.room), "text": t.all(),
			"link_preview_options": map[string]any{"is_disabled": true}, "disable_notification": t.m.Kind != notify.Page,
		}
	},
}

var ntfy = service{
	limit: 4096, size: func(s string) int { return len(s) }, directs: true,
	request: func(n *Notifier, t *text) {
		t.address = n.url.Reveal()
		topic := t.m.To
		if u, err := url.Parse(t.address); err == nil {
			topic = cmp.Or(topic, path.Base(u.Path))
			u.Path, u.RawPath = path.Dir(u.Path), "" // where documents are published
			t.address = u.String()
		}
		if token := n.token.Reveal(); token != "" {
			t.header = http.Header{"Authorization": {"Bearer " + token}}
		}
		t.document = map[string]any{
			"topic": topic, "title": t.title(), "message": t.rest(), "priority": ntfyPriority(t.m),
			"sequence_id": outbound.MessageID(t.m.Key),
		}
	},
}

// ntfyPriority is 5 for what keeps ringing, 4 for what rings, and 3 for what is shown. Only a page rings.
func ntfyPriority(m *notify.Message) int {
	switch {
	case m.Kind != notify.Page || m.Priority > severity.P3:
		return 3
	case m.Priority == severity.P1 || m.Priority == severity.P2:
		return 5
	}
	return 4
}
