package chat

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// service describes one chat service.
type service struct {
	limit    int                    // longest text, in the unit of size
	size     func(string) int       // measures a text for limit
	document int                    // longest document in bytes; 0: no limit is known that a text within limit could exceed
	escape   func(string) string    // nil: the service shows text unformatted
	link     func(string) string    // the URL of a link in the mark-up of the service; nil: as it is
	mentions func(to string) bool   // reports whether To is an id to mention; nil: never
	directs  bool                   // To selects the chat or topic
	request  func(*Notifier, *text) // sets address, header, limited and document
	check    func(*Notifier) error
}

func checkURL(n *Notifier) error { return outbound.CheckURL(n.url.Reveal()) }

// Slack splits a message of more than 4,000 characters and cuts one of 40,000 (api.slack.com, "Truncating really long messages").
// Characters are counted in UTF-16, which is at least what Slack counts.
var slack = service{
	limit: 4000, size: units, escape: escapeSlack, link: linkSlack, mentions: isSlackMember, check: checkURL,
	request: func(n *Notifier, t *text) {
		t.address, t.limited = n.url.Reveal(), t.all()
		t.document = map[string]any{
			"text": t.limited, "mrkdwn": false, "parse": "none", "link_names": false,
			"unfurl_links": false, "unfurl_media": false,
		}
	},
}

// Teams takes about 28 KB with everything in it (learn.microsoft.com, "Create Incoming Webhooks" and "Limits" of the connector).
// "About" leaves room: others were refused at 21 KB. A TextRun shows no Markdown, and a mention needs an entity in the card.
var teams = service{
	size: length, document: 20_000, check: checkURL,
	request: func(n *Notifier, t *text) {
		run := func(words, weight string) map[string]any {
			return map[string]any{"type": "TextRun", "text": words, "weight": weight}
		}
		block := func(runs ...any) any { return map[string]any{"type": "RichTextBlock", "inlines": runs} }
		body := []any{block(run(t.title(), "bolder"))}
		for _, p := range t.paragraphs() {
			runs := []any{run(p.Text, "default")}
			if p.URL != "" {
				link := run(p.URL, "default")
				link["selectAction"] = map[string]any{"type": "Action.OpenUrl", "url": p.URL}
				runs = []any{link}
				if p.Text != "" {
					runs = []any{run(p.Text+": ", "default"), link}
				}
			}
			body = append(body, block(runs...))
		}
		card := map[string]any{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
			"body": body,
		}
		attachment := map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
		t.address = n.url.Reveal()
		t.document = map[string]any{"type": "message", "attachments": []any{attachment}}
	},
}

// Discord refuses a content of more than 2,000 characters (discord.com, "Execute Webhook").
var discord = service{
	limit: 2000, size: units, escape: escapeMarkdown, link: linkMarkdown, mentions: isDiscordID, check: checkURL,
	request: func(n *Notifier, t *text) {
		const suppressEmbeds = 1 << 2
		mentions := map[string]any{"parse": []string{}}
		if t.mention != "" {
			mentions["users"] = []string{t.m.To}
		}
		t.address, t.limited = n.url.Reveal(), t.all()
		if u, err := url.Parse(t.address); err == nil {
			query := u.Query()
			query.Set("wait", "true") // makes Discord answer after it has stored or refused the message
			u.RawQuery = query.Encode()
			t.address = u.String()
		}
		t.document = map[string]any{"content": t.limited, "allowed_mentions": mentions, "flags": suppressEmbeds}
	},
}

// Telegram refuses more than 4,096 characters "after entities parsing" (core.telegram.org/bots/api, sendMessage), and counts in UTF-16.
// Without a parse_mode it shows plain text, but still links @mentions.
var telegram = service{
	limit: 4096, size: units, escape: escapeMentions, directs: true,
	request: func(n *Notifier, t *text) {
		t.address, t.limited = "https://api.telegram.org/bot"+n.token.Reveal()+"/sendMessage", t.all()
		t.document = map[string]any{
			"chat_id": cmp.Or(t.m.To, n.room), "text": t.limited,
			"link_preview_options": map[string]any{"is_disabled": true}, "disable_notification": t.m.Kind != notify.Page,
		}
	},
	check: func(n *Notifier) error {
		token := n.token.Reveal()
		id, rest, _ := strings.Cut(token, ":")
		number := strings.TrimPrefix(n.room, "-")
		switch {
		case token == "":
			return errors.New("the token of the bot is missing, expected one such as 123456:ABC-DEF")
		case strings.Trim(id, "0123456789") != "" || id == "" || rest == "" || strings.ContainsFunc(rest, unicode.IsSpace):
			return errors.New("the token of the bot is malformed, expected one such as 123456:ABC-DEF")
		case n.room == "":
			return errors.New("the chat is missing, expected its id or @name: messages without an address go there")
		case n.room[0] != '@' && (number == "" || strings.Trim(number, "0123456789") != ""):
			return fmt.Errorf("the chat is %q, expected its id, such as -100123, or @name", n.room)
		}
		return nil
	},
}

// ntfy makes an attachment, which most servers refuse, of a message of 4,096 bytes, and answers 413 to a JSON document of 8,192 bytes:
// both limits are exclusive (github.com/binwiederhier/ntfy: util.Peek, used by handlePublishBody and transformBodyJSON).
var ntfy = service{
	limit: 4095, size: length, document: 8191, directs: true,
	request: func(n *Notifier, t *text) {
		server, topic := ntfyTopic(n.url.Reveal())
		if token := n.token.Reveal(); token != "" {
			t.header = http.Header{"Authorization": {"Bearer " + token}}
		}
		t.address, t.limited = server, t.rest()
		t.document = map[string]any{
			"topic": cmp.Or(t.m.To, topic), "title": t.title(), "message": t.limited, "priority": ntfyPriority(t.m),
			"sequence_id": outbound.MessageID(t.m.Key),
		}
	},
	check: func(n *Notifier) error {
		if err := checkURL(n); err != nil {
			return err
		}
		if _, topic := ntfyTopic(n.url.Reveal()); topic == "" {
			return errors.New("the topic is missing at the end of the URL, expected one such as https://ntfy.sh/topic")
		}
		return nil
	},
}

// ntfyTopic splits the URL of a topic into that of its server, to which JSON is published, and the topic. A slash at the end does not
// matter; a server may be below a path.
func ntfyTopic(raw string) (server, topic string) {
	u, err := url.Parse(raw)
	if err != nil {
		return raw, ""
	}
	path := strings.TrimRight(u.Path, "/")
	i := strings.LastIndexByte(path, '/')
	path, topic = path[:i+1], path[i+1:]
	u.Path, u.RawPath = cmp.Or(path, "/"), ""
	return u.String(), topic
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
