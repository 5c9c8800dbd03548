package slackapp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
)

// clickTime bounds the work for one click, after Slack has its answer.
const clickTime = 30 * time.Second

var (
	errPayload = errors.New("payload: malformed, expected an interaction of Slack")
	errValue   = errors.New("payload: the button is none of this app")
)

// click is one click on a button to acknowledge, or one slash command.
type click struct {
	value
	team, home     string // the workspace of the message, and that of the user
	user, handle   string
	channel, stamp string // where the message is
	id             string // of the command: Slack may deliver a click twice
	message        slack.Message
	typed          *string // the words after a slash command; nil: a click on a button
}

// parse returns the clicks to acknowledge of an interaction, nil if it is of another kind.
func parse(payload []byte) ([]click, error) {
	var cb slack.InteractionCallback
	if err := json.Unmarshal(payload, &cb); err != nil {
		return nil, errPayload
	}
	return clicks(&cb)
}

func clicks(cb *slack.InteractionCallback) (list []click, err error) {
	if cb.Type != slack.InteractionTypeBlockActions {
		return nil, nil
	}
	for _, act := range cb.ActionCallback.BlockActions {
		if act.ActionID != actionAck {
			continue
		}
		c := click{
			team: cb.Team.ID, home: cb.User.TeamID, user: cb.User.ID, handle: cmp.Or(cb.User.Name, cb.Name),
			channel: cmp.Or(cb.Container.ChannelID, cb.Channel.ID), stamp: cmp.Or(cb.Container.MessageTs, cb.Message.Timestamp),
			id: event.ShortKey("slack " + cb.User.ID + " " + act.ActionTs), message: cb.Message,
		}
		if json.Unmarshal([]byte(act.Value), &c.value) != nil || c.Incident == "" || c.user == "" {
			return nil, errValue
		}
		list = append(list, c)
	}
	return list, nil
}

// take carries a click out and answers in place.
func (a *App) take(ctx context.Context, e Engine, c *click) {
	ctx, cancel := context.WithTimeout(ctx, clickTime)
	defer cancel()
	a.start()
	said := ""
	switch person, refusal := a.person(e, c); {
	case refusal != "":
		a.log(ctx, "a click was refused", "user", c.user, "team", c.home, "incident", c.Incident, "error", refusal)
		said = refusal
	case c.typed != nil:
		said = a.declare(ctx, e, c, person)
	default:
		said = a.acknowledge(ctx, e, c, person)
	}
	if said == "" {
		return
	}
	a.whisper(ctx, c, said)
}

// whisper shows a text to the person alone: where the click was, or in a direct message if the app is not there.
func (a *App) whisper(ctx context.Context, c *click, said string) {
	shown := slack.MsgOptionCompose(slack.MsgOptionText(said, true), slack.MsgOptionBlocks(richText("", slack.NewRichTextSectionTextElement(said, nil))), plain())
	_, err := a.api.PostEphemeralContext(ctx, c.channel, c.user, shown)
	if err != nil && c.typed != nil {
		_, _, err = a.api.PostMessageContext(ctx, c.user, shown)
	}
	if err = judge(err); err != nil {
		a.log(ctx, "the answer to a click was not shown", "user", c.user, "incident", c.Incident, "error", err)
	}
}

// person returns who clicked, or why the click does not count.
func (a *App) person(e Engine, c *click) (person escalate.PersonID, refusal string) {
	if a.Team == "" || c.team != a.Team || c.home != a.Team {
		return "", "Not done: only members of the workspace of this app may answer."
	}
	if person, ok := e.Known(escalate.PersonID(c.user)); ok {
		return person, ""
	}
	if a.Handles && c.handle != "" {
		if person, ok := e.Known(escalate.PersonID(a.channel() + ":@" + c.handle)); ok {
			return person, ""
		}
	}
	return "", fmt.Sprintf("Not done: you are no person of the catalog. Whoever keeps it can add %s:%s to your contacts, or %s to your other names.",
		a.channel(), c.user, c.user)
}

func (a *App) channel() string { return cmp.Or(a.Channel, "slack") }

// acknowledge acknowledges, and returns what the person alone should read; empty: the message says it.
func (a *App) acknowledge(ctx context.Context, e Engine, c *click, person escalate.PersonID) string {
	err := e.DoAs(ctx, respond.Viewer{Person: person, Tenants: a.Tenants}, respond.Acknowledge{Incident: c.Incident, Via: a.channel(), ID: c.id})
	var refused *respond.RefusedError
	var forbidden *respond.ForbiddenError
	switch {
	case err == nil, errors.As(err, &refused):
	case errors.Is(err, tocsin.ErrNotFound):
		return "Not done: there is no such incident here."
	case errors.As(err, &forbidden):
		return "Not done: you may not acknowledge this."
	default:
		a.log(ctx, "a click failed", "user", c.user, "incident", c.Incident, "error", err)
		return unknown
	}
	inc, seen := e.Incident(ctx, c.Incident)
	if seen == nil {
		a.update(ctx, e, c)
	}
	switch {
	case refused != nil:
		return strings.TrimSpace("Not done: " + oneLine(refused.Reason) + ". " + ended(refused.Phase))
	case seen != nil:
		return "You have it. How things stand cannot be read now."
	}
	return raced(&inc, person)
}

const unknown = "It is not known whether your answer was noted. Try again in a moment; if that fails, answer by another way: the escalation goes on."
