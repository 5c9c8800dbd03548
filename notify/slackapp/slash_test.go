package slackapp_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/respond"
)

// typed is the form by which Slack tells a slash command.
func typed(user, text, trigger string) url.Values {
	return url.Values{
		"command": {"/incident"}, "text": {text}, "team_id": {team}, "user_id": {user}, "user_name": {"x"}, "channel_id": {"C0SHOP0000"},
		"trigger_id": {trigger}, "response_url": {"https://hooks.slack.example/x"},
	}
}

// TestDeclare types slash commands, and says what comes of each.
func TestDeclare(t *testing.T) {
	const usage = "Say what is wrong, such as: P1 checkout: payments fail. The priority and the service may be left out."
	for _, c := range []struct {
		name, user, text string
		house            func(*house)
		want             string // priority, service and title of what is open besides
		told             string
	}{
		{name: "everything", user: ana, text: "p2 checkout: Payments fail", want: "P2 checkout Payments fail", told: "Declared: incident ID, P2, Payments fail"},
		{name: "a title", user: ben, text: "  The office is dark ", want: "P3  The office is dark", told: "Declared: incident ID, P3, The office is dark"},
		{name: "a colon in a sentence", user: ana, text: "P3 payments fail: all of them", want: "P3  payments fail: all of them", told: "Declared: incident ID, P3, payments fail: all of them"},
		{name: "nothing", user: ana, text: " ", told: usage},
		{name: "a priority alone", user: ana, text: "P1", told: usage},
		{name: "an unknown service", user: ana, text: "chekout: down", told: `Not declared: service "chekout" is not in the catalog, expected one of checkout.`},
		{name: "no person of the catalog", user: zoe, text: "down", told: "Not done: you are no person of the catalog. " +
			"Whoever keeps it can add slack:U0ZOE00000 to your contacts, or U0ZOE00000 to your other names."},
		{
			name: "forbidden", user: ana, text: "down", told: "Not declared: you may not declare incidents.",
			house: func(h *house) { h.failWith(&respond.ForbiddenError{Need: respond.NeedPolicy}) },
		},
		{
			name: "not known", user: ana, text: "down", house: func(h *house) { h.failWith(errors.New("the disk is full")) },
			told: "It is not known whether the incident was declared. Look, and try again in a moment: a repeat with the same words opens no second one.",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			h.slack.page(t, ana)
			if c.house != nil {
				c.house(h)
			}
			taken(t, deliver(h.app.Handler(h), signedForm(typed(c.user, c.text, "1.2.3"), time.Now())))
			list, err := h.Incidents(t.Context(), tocsin.Query{})
			require.NoError(t, err)
			var got, id string
			for i := range list {
				if inc := &list[i]; inc.Class != "checkout" {
					got, id = strings.Join([]string{inc.Priority.String(), inc.Service, inc.Title}, " "), inc.ID
				}
			}
			assert.Equal(t, c.want, got)
			require.Len(t, h.slack.whispered(), 1)
			told := strings.TrimPrefix(h.slack.whispered()[0], c.user+": ")
			if id != "" {
				told = strings.Replace(told, id, "ID", 1)
			}
			assert.Equal(t, c.told, told)
		})
	}
}

// TestDeclareOnce: Slack may deliver a command twice, by another connection too.
func TestDeclareOnce(t *testing.T) {
	h := open(t)
	h.slack.page(t, ana)
	for _, channel := range []string{"C0SHOP0000", "C0OTHER000"} {
		form := typed(ana, "the office is dark", "1.2.3")
		form.Set("channel_id", channel)
		taken(t, deliver(h.app.Handler(h), signedForm(form, time.Now())))
	}
	list, err := h.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	assert.Len(t, list, 2, "that of the event, and the declared one")
}

// TestCommandsThatAreNone are refused by name.
func TestCommandsThatAreNone(t *testing.T) {
	h := open(t)
	for _, field := range []string{"user_id", "trigger_id"} {
		form := typed(ana, "down", "1")
		form.Del(field)
		w := deliver(h.app.Handler(h), signedForm(form, time.Now()))
		assert.Equal(t, 400, w.Code, field)
		assert.Equal(t, "payload: malformed, expected an interaction of Slack\n", w.Body.String())
	}
}
