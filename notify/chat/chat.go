package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// Notifier sends to one service. Create it with [Slack], [Teams], [Discord], [Telegram] or [Ntfy]. It is safe for concurrent
// use.
type Notifier struct {
	// Client defaults to a client that connects to public addresses only, ignores the proxy variables of the environment and
	// times out after 10 seconds. Set a client to reach a server in a private network. Redirects are not followed, with any
	// client. Do not change it after the first use.
	Client *http.Client

	service *service
	url     notify.Secret
	token   notify.Secret
	room    string // used if Message.To is empty
	sender  outbound.Sender
}

var (
	_ notify.Notifier = (*Notifier)(nil)
	_ notify.Checker  = (*Notifier)(nil)
)

// Slack returns a Notifier for an incoming webhook of Slack. The URL is secret.
func Slack(url string) *Notifier { return &Notifier{service: &slack, url: secret(url)} }

// Teams returns a Notifier for a workflow of Teams with the trigger "When a Teams webhook request is received". The URL is
// secret. A nil error means that the workflow accepted the card; it posts the card later.
func Teams(url string) *Notifier { return &Notifier{service: &teams, url: secret(url)} }

// Discord returns a Notifier for a webhook of Discord. The URL is secret. The query parameter thread_id chooses a thread.
func Discord(url string) *Notifier { return &Notifier{service: &discord, url: secret(url)} }

// Telegram returns a Notifier that sends as the bot with this token. chat is the numeric id of a chat or the @name of a public
// chat; a message without an address goes there.
func Telegram(token, chat string) *Notifier {
	return &Notifier{service: &telegram, token: secret(token), room: strings.TrimSpace(chat)}
}

// Ntfy returns a Notifier that publishes to the topic at the end of url: https://ntfy.sh/topic. token is the access token, ""
// for a topic without access control.
func Ntfy(url, token string) *Notifier {
	return &Notifier{service: &ntfy, url: secret(url), token: secret(token)}
}

// secret drops the white space around a secret: one that was read from a file ends in a line break.
func secret(text string) notify.Secret { return notify.NewSecret(strings.TrimSpace(text)) }

var errNoService = errors.New("no service, expected a notifier from Slack, Teams and so on")

// Check returns an error if a URL, token, chat or topic is missing or malformed.
func (n *Notifier) Check() error {
	if n.service == nil {
		return errNoService
	}
	return n.service.check(n)
}

// Notify sends m once. The receipt holds the service's id of the message: Discord, Telegram and ntfy return an id.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	if n.service == nil {
		return notify.Receipt{}, notify.Permanent(errNoService)
	}
	t, err := n.compose(&m)
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	answer, err := n.sender.Post(ctx, n.Client, outbound.Request{
		URL: t.address, Header: t.header, Body: t.body, Key: m.Key, TraceParent: m.TraceParent,
	})
	if err != nil {
		return notify.Receipt{}, err
	}
	return judge(answer)
}

// reply joins the answers of all services. Each service fills some of the fields.
type reply struct {
	ID         string  `json:"id"`          // Discord, ntfy
	RetryAfter float64 `json:"retry_after"` // Discord, in seconds
	OK         *bool   `json:"ok"`          // Telegram, as all below
	ErrorCode  int     `json:"error_code"`
	Parameters struct {
		RetryAfter float64 `json:"retry_after"`
		MovedTo    int64   `json:"migrate_to_chat_id"`
	} `json:"parameters"`
	Result struct {
		MessageID json.Number `json:"message_id"`
	} `json:"result"`
}

// judge returns the receipt or the error of an answer. Its status decides. A body that does not parse gives empty fields.
func judge(answer *outbound.Answer) (notify.Receipt, error) {
	var r reply
	_ = json.Unmarshal(answer.Body, &r)
	if r.OK != nil && !*r.OK && answer.Status < 300 {
		answer.Status = r.ErrorCode
	}
	err := answer.Err()
	if pause := max(r.RetryAfter, r.Parameters.RetryAfter); pause > 0 && answer.RetryAfter == "" && !notify.IsPermanent(err) {
		err = notify.RetryAfter(err, time.Duration(min(pause, maxPause)*float64(time.Second)))
	}
	if moved := r.Parameters.MovedTo; err != nil && moved != 0 {
		err = notify.Permanent(fmt.Errorf("%w: the group is now a supergroup; its id is now %d", err, moved))
	}
	if err != nil {
		return notify.Receipt{}, err
	}
	if r.ID == "" {
		r.ID = r.Result.MessageID.String()
	}
	return notify.Receipt{ID: r.ID}, nil
}

const maxPause = 24 * 60 * 60 // seconds; upper bound of the pause in a body
