package slackapp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
)

const usage = "Say what is wrong, such as: P1 checkout: payments fail. The priority and the service may be left out."

// commanded returns a slash command as a click.
func commanded(s *slack.SlashCommand) ([]click, error) {
	if s.UserID == "" || s.TriggerID == "" {
		return nil, errPayload
	}
	return []click{{
		team: s.TeamID, home: s.TeamID, user: s.UserID, handle: s.UserName, channel: s.ChannelID, typed: &s.Text,
		id: event.ShortKey("slack " + s.UserID + " " + s.TriggerID),
	}}, nil
}

// declare opens an incident, and returns what the person alone should read.
func (a *App) declare(ctx context.Context, e Engine, c *click, person escalate.PersonID) string {
	declared := declaration(*c.typed)
	if declared.Title == "" {
		return usage
	}
	declared.ID = c.id
	if len(a.Tenants) > 0 {
		declared.Tenant = a.Tenants[0]
	}
	err := e.DoAs(ctx, respond.Viewer{Person: person, Tenants: a.Tenants}, declared)
	var refused *respond.RefusedError
	var forbidden *respond.ForbiddenError
	switch {
	case errors.As(err, &refused):
		return "Not declared: " + oneLine(refused.Reason) + "."
	case errors.As(err, &forbidden):
		return "Not declared: you may not declare incidents."
	case err != nil:
		a.log(ctx, "a declaration failed", "user", c.user, "error", err)
		return "It is not known whether the incident was declared. Look, and try again in a moment: a repeat with the same words opens no second one."
	}
	list, err := e.Incidents(ctx, tocsin.Query{Tenant: declared.Tenant, Declared: declared.ID})
	if err != nil || len(list) == 0 {
		return "Declared. How things stand cannot be read now."
	}
	return fmt.Sprintf("Declared: incident %s, %v, %s", list[0].ID, list[0].Priority, oneLine(list[0].Title))
}

// declaration reads what a person typed: a priority, a service with a colon, and the title; the first two may be left out.
func declaration(typed string) (d respond.Declare) {
	words := strings.TrimSpace(typed)
	if first, rest, _ := strings.Cut(words, " "); d.Priority.UnmarshalText([]byte(strings.ToUpper(first))) == nil && d.Priority.Valid() {
		words = strings.TrimSpace(rest)
	}
	if service, rest, found := strings.Cut(words, ":"); found && service != "" && !strings.Contains(service, " ") {
		d.Service, words = service, strings.TrimSpace(rest)
	}
	d.Title = words
	return d
}
