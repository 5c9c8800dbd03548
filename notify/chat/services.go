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

// service describes one chat service.
type service struct {
	limit    int                    // longest text, in the unit of size
	size     func(string) int       // measures a text for limit
	escape   func(string) string    // nil: the service shows text unformatted
	mentions func(to string) bool   // reports whether To is an id to mention; nil: never
	directs  bool                   // To selects the chat or topic
	request  func(*Notifier, *text) // sets address, header and document
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

// Teams limits a card to 28 KB. A TextRun shows no Markdown, and a mention needs an entity in the card.
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
			query.Set("wait", "true") // makes Discord answer after it has stored or refused the message
			u.RawQuery = query.Encode()
			t.address = u.String()
		}
		t.document = map[string]any{"content": t.mention + t.all(), "allowed_mentions": mentions, "flags": suppressEmbeds}
	},
}

// Without a parse_mode Telegram shows plain text, but still links @mentions.
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
			u.Path, u.RawPath = path.Dir(u.Path), "" // JSON is published to the root URL
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

// ntfyPriority returns 5 (rings repeatedly) for pages of P1 and P2, 4 (rings once) for other pages, 3 (no ring) for pages
// below P3 and all other messages.
func ntfyPriority(m *notify.Message) int {
	switch {
	case m.Kind != notify.Page || m.Priority > severity.P3:
		return 3
	case m.Priority == severity.P1 || m.Priority == severity.P2:
		return 5
	}
	return 4
}
