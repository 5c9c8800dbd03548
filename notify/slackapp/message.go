package slackapp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/slack-go/slack"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

// The limits of docs.slack.dev, "Blocks" and "Button element".
const (
	maxText    = 3000 // characters, of one text; ours, for all of a message
	maxLabel   = 75   // characters
	maxURL     = 3000 // characters, of a button
	maxButtons = 20   // of one message; ours
)

// The ids by which the parts of a message are found again.
const (
	blockAnswer = "tocsin-answer-" // and a number
	actionAck   = "tocsin-ack"
	actionOpen  = "tocsin-open"
)

// value is what a button holds.
type value struct {
	Incident string `json:"incident"`
	Round    int    `json:"round,omitempty"`
	Level    int    `json:"level,omitempty"`
}

var errRoom = errors.New("the message has no address, expected a channel or member in it, or App.Room")

// Notify posts m once, with a button for each page in it. The address is the id of a channel, or that of a member, who gets a direct
// message. The receipt is the time-stamp of the message, by which Slack names it in its channel.
func (a *App) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	a.start()
	to := cmp.Or(m.To, a.Room)
	if to == "" {
		return notify.Receipt{}, notify.Permanent(errRoom)
	}
	title, blocks := compose(&m)
	_, at, err := a.api.PostMessageContext(ctx, to, slack.MsgOptionText(title, true), slack.MsgOptionBlocks(blocks...), plain(), marked(mark(m.Key)))
	if err := judge(err); err != nil {
		return notify.Receipt{}, err
	}
	return notify.Receipt{ID: at}, nil
}

// mark returns by what the message of a key is known. It shows nothing of the key.
func mark(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// marked puts a mark into the metadata of a message, where people do not see it.
func marked(mark string) slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "tocsin_message", EventPayload: map[string]any{"id": mark}})
}

// plain keeps Slack from reading mark-up in the text that stands for the blocks in a notification.
func plain() slack.MsgOption {
	return slack.MsgOptionCompose(slack.MsgOptionDisableMarkdown(), slack.MsgOptionParse(false), slack.MsgOptionLinkNames(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
}

// compose returns the blocks of a message, and the text that stands for them in a notification.
func compose(m *notify.Message) (title string, blocks []slack.Block) {
	shown := *m
	if len(m.Ack) <= maxURL && asks(m) {
		shown.Ack = "" // the button has it
	}
	parts := shown.Parts(func(ps notify.Parts) bool { return units(ps.String()) <= maxText })
	title = cmp.Or(strings.TrimSpace(parts[0].Text), m.Incident, "tocsin")
	parts[0].Text = title
	blocks = []slack.Block{richText("", body(parts)...)}
	if asks(m) && len(m.Pages) == 0 {
		buttons := []slack.BlockElement{button("Acknowledge", value{m.Incident, m.Round, m.Level})}
		if m.Ack != "" && shown.Ack == "" {
			open := slack.NewButtonBlockElement(actionOpen, "", label("Open"))
			open.URL = m.Ack
			buttons = append(buttons, open)
		}
		return title, append(blocks, slack.NewActionBlock(blockAnswer+"0", buttons...))
	}
	for i, p := range m.Pages {
		if i < maxButtons && asks(m) {
			blocks = append(blocks, slack.NewActionBlock(blockAnswer+strconv.Itoa(i), button("Acknowledge "+p.Incident, value{p.Incident, p.Round, p.Level})))
		}
	}
	return title, blocks
}

// asks reports whether somebody may acknowledge by the message.
func asks(m *notify.Message) bool {
	return m.Kind == notify.Page && (m.Incident != "" || len(m.Pages) > 0) && !m.Audience &&
		m.Occasion != notify.OccasionApproval && m.Occasion != notify.OccasionTest
}

// body returns the parts, the title in bold. A link shows its URL.
func body(parts notify.Parts) (list []slack.RichTextSectionElement) {
	for i, p := range parts {
		words, style := p.Text, (*slack.RichTextSectionTextStyle)(nil)
		if i == 0 {
			style = &slack.RichTextSectionTextStyle{Bold: true}
		} else {
			words = "\n" + words
		}
		if p.URL != "" && p.Text != "" {
			words += ": "
		}
		if words != "" { // Slack takes no empty text
			list = append(list, slack.NewRichTextSectionTextElement(words, style))
		}
		if p.URL != "" {
			list = append(list, slack.NewRichTextSectionLinkElement(p.URL, "", nil))
		}
	}
	return list
}

func richText(id string, elements ...slack.RichTextSectionElement) *slack.RichTextBlock {
	return slack.NewRichTextBlock(id, slack.NewRichTextSection(elements...))
}

func button(words string, v value) *slack.ButtonBlockElement {
	text, _ := json.Marshal(v) // of texts and numbers
	b := slack.NewButtonBlockElement(actionAck, string(text), label(words))
	b.Style = slack.StylePrimary
	return b
}

func label(words string) *slack.TextBlockObject {
	emoji := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: event.Shorten(words, maxLabel), Emoji: &emoji}
}

// oneLine returns a text from outside as people may see it.
func oneLine(text string) string { return strings.TrimSpace(notify.Message{Note: text}.Shown().Note) }

// units returns the number of UTF-16 code units, which is at least what Slack counts.
func units(s string) int { return len(utf16.Encode([]rune(s))) }
