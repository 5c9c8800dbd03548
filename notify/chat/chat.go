package chat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// Notifier sends to one service, and is made by the function of that name. It may be used concurrently.
type Notifier struct {
	// Client defaults to one that reaches public addresses only, takes no proxy from the environment and gives up after
	// 10 seconds. A server in a network of one's own needs a client of one's own. Redirects are not followed, whichever it
	// is. It does not change after the first use.
	Client *http.Client

	service *service
	url     notify.Secret
	token   notify.Secret
	room    string // where To names none
	sender  outbound.Sender
}

var _ notify.Notifier = (*Notifier)(nil)

// Slack posts to an incoming webhook, whose URL is a secret.
func Slack(url string) *Notifier { return &Notifier{service: &slack, url: notify.NewSecret(url)} }

// Teams posts a card to a workflow that begins with "When a Teams webhook request is received"; its URL is a secret.
// Accepted means that the workflow took the card, which it posts later.
func Teams(url string) *Notifier { return &Notifier{service: &teams, url: notify.NewSecret(url)} }

// Discord posts to a webhook, whose URL is a secret; ?thread_id in it chooses a thread.
func Discord(url string) *Notifier { return &Notifier{service: &discord, url: notify.NewSecret(url)} }

// Telegram sends as the bot that the token belongs to, to the chat with this id: a number, or the @name of a public one.
func Telegram(token, chat string) *Notifier {
	return &Notifier{service: &telegram, token: notify.NewSecret(token), room: chat}
}

// Ntfy publishes to the topic at the end of the URL, as in https://ntfy.sh/topic. The token may be empty.
func Ntfy(url, token string) *Notifier {
	return &Notifier{service: &ntfy, url: notify.NewSecret(url), token: notify.NewSecret(token)}
}

// Notify sends m once. The receipt holds the service's id of the message, where it gives one.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	if n.service == nil {
		return notify.Receipt{}, notify.Permanent(errors.New("no service, expected a notifier from Slack, Teams and so on"))
	}
	t := n.service.text(&m)
	n.service.request(n, t)
	body, err := json.Marshal(t.document)
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	answer, err := n.sender.Post(ctx, n.Client, outbound.Request{
		URL: t.address, Header: t.header, Body: body, Key: m.Key, TraceParent: m.TraceParent,
	})
	if err != nil {
		return notify.Receipt{}, err
	}
	return judge(answer)
}

// reply is what the services say, each in some of these fields.
type reply struct {
	ID         string  `json:"id"`          // Discord, ntfy
	RetryAfter float64 `json:"retry_after"` // Discord, in seconds
	OK         *bool   `json:"ok"`          // Telegram, with what follows
	ErrorCode  int     `json:"error_code"`
	Parameters struct {
		RetryAfter float64 `json:"retry_after"`
	} `json:"parameters"`
	Result struct {
		MessageID json.Number `json:"message_id"`
	} `json:"result"`
}

// judge classes an answer by its status. A body that is none of ours, or was cut, leaves fields empty.
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
	if err != nil {
		return notify.Receipt{}, err
	}
	if r.ID == "" {
		r.ID = r.Result.MessageID.String()
	}
	return notify.Receipt{ID: r.ID}, nil
}

const maxPause = 24 * 60 * 60 // seconds that a body may ask for
