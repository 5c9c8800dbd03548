package slackapp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/notify"
)

const (
	roomPages = 20 // of channels of the app, in which a room is looked for
	perPage   = 100
	lately    = 50 // messages of a room, among which the one of an earlier try is looked for
)

// Rooms gives each incident a channel of its own in Slack, by actions of runbooks: [Rooms.Create], [Rooms.Invite], [Rooms.Post] and
// [Rooms.Archive], each as an [automate.ActionFunc]. A repeat of any of them changes nothing. It is safe for concurrent use. Set the fields
// before the engine runs.
//
// The app needs the scopes channels:manage, channels:read and channels:history, and for private rooms groups:write, groups:read and
// groups:history.
type Rooms struct {
	App *App // required
	// Engine says whom an incident has reached, and whether it is private. Required.
	Engine Engine
	// Prefix begins the name of each room, which the id of the incident ends. Defaults to inc-.
	Prefix string
	// Private makes all rooms private. The room of a private incident always is.
	Private bool
}

var errNoRoom = errors.New("the incident has no room, expected a step before that creates it")

// Create makes the room of the incident, with the argument topic as its topic. The output is its name.
func (r *Rooms) Create(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	name := r.name(in)
	if in.DryRun {
		return automate.Result{Output: "would create the room #" + name}, nil
	}
	inc, err := r.Engine.Incident(ctx, in.Incident)
	if err != nil {
		return automate.Result{}, fmt.Errorf("the incident cannot be read: %w", err)
	}
	r.App.start()
	room, err := r.App.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: name, IsPrivate: r.Private || inc.Private})
	var named slack.SlackErrorResponse
	if errors.As(err, &named) && named.Err == "name_taken" {
		if room, err = r.find(ctx, name); errors.Is(err, errNoRoom) {
			return automate.Result{}, notify.Permanent(fmt.Errorf("a channel #%s is there already, archived or without the app", name))
		}
	}
	if err != nil {
		return automate.Result{}, judge(err)
	}
	if topic := oneLine(in.Args["topic"]); topic != "" && room.Topic.Value == "" {
		_, err = r.App.api.SetTopicOfConversationContext(ctx, room.ID, topic)
	}
	return automate.Result{Output: "#" + name}, judge(err)
}

// Invite invites whoever a message about the incident has reached at a member's address in Slack, and the members in the argument people, ids
// separated by commas. The output says how many were invited.
func (r *Rooms) Invite(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	inc, err := r.Engine.Incident(ctx, in.Incident)
	if err != nil {
		return automate.Result{}, fmt.Errorf("the incident cannot be read: %w", err)
	}
	var people []string
	for id := range strings.SplitSeq(in.Args["people"], ",") {
		people = append(people, strings.TrimSpace(id))
	}
	for _, told := range inc.Told {
		if channel, address := told.Contact.Split(); channel == r.App.channel() {
			people = append(people, address)
		}
	}
	people = slices.DeleteFunc(people, func(id string) bool { return !member(id) })
	slices.Sort(people)
	people = slices.Compact(people)
	said := automate.Result{Output: fmt.Sprintf("invited %d members", len(people))}
	if in.DryRun {
		return automate.Result{Output: fmt.Sprintf("would invite %d members to #%s", len(people), r.name(in))}, nil
	}
	room, err := r.find(ctx, r.name(in))
	if err != nil {
		return automate.Result{}, judge(err)
	}
	for _, id := range people { // one by one: Slack refuses a list as a whole for one who is there
		_, err := r.App.api.InviteUsersToConversationContext(ctx, room.ID, id)
		if err := done(err, "already_in_channel", "cant_invite_self"); err != nil {
			return automate.Result{}, judge(err)
		}
	}
	return said, nil
}

// Post posts the argument text to the room, as plain text.
func (r *Rooms) Post(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	text := in.Args["text"]
	switch {
	case strings.TrimSpace(text) == "":
		return automate.Result{}, notify.Permanent(errors.New("the argument text is missing, expected what is to be posted"))
	case in.DryRun:
		return automate.Result{Output: "would post to #" + r.name(in)}, nil
	}
	room, err := r.find(ctx, r.name(in))
	if err != nil {
		return automate.Result{}, judge(err)
	}
	said := automate.Result{Output: "posted to #" + r.name(in)}
	before, err := r.App.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: room.ID, Limit: lately, IncludeAllMetadata: true,
	})
	if err != nil {
		return automate.Result{}, judge(err)
	}
	if slices.ContainsFunc(before.Messages, func(m slack.Message) bool { return m.Metadata.EventPayload["id"] == mark(in.Key) }) {
		return said, nil
	}
	_, _, err = r.App.api.PostMessageContext(ctx, room.ID, slack.MsgOptionText(text, true), slack.MsgOptionBlocks(
		richText("", slack.NewRichTextSectionTextElement(text, nil)),
	), plain(), marked(mark(in.Key)))
	return said, judge(err)
}

// Archive closes the room. An incident without a room has nothing to close.
func (r *Rooms) Archive(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	said := automate.Result{Output: "archived #" + r.name(in)}
	if in.DryRun {
		return automate.Result{Output: "would archive #" + r.name(in)}, nil
	}
	room, err := r.find(ctx, r.name(in))
	switch {
	case errors.Is(err, errNoRoom):
		return said, nil
	case err != nil:
		return automate.Result{}, judge(err)
	}
	return said, judge(done(r.App.api.ArchiveConversationContext(ctx, room.ID), "already_archived"))
}

// name returns the name of the room of an incident, as Slack takes it.
func (r *Rooms) name(in automate.Invocation) string {
	return strings.ToLower(cmp.Or(r.Prefix, "inc-") + in.Incident)
}

// find returns the room of the name among the open channels of the app.
func (r *Rooms) find(ctx context.Context, name string) (*slack.Channel, error) {
	r.App.start()
	q := slack.GetConversationsForUserParameters{Types: []string{"public_channel", "private_channel"}, Limit: perPage, ExcludeArchived: true}
	for range roomPages {
		page, next, err := r.App.api.GetConversationsForUserContext(ctx, &q)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(page, func(c slack.Channel) bool { return c.Name == name }); i >= 0 {
			return &page[i], nil
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	return nil, errNoRoom
}

// member reports whether an address is the id of a member.
func member(id string) bool { return len(id) > 1 && (id[0] == 'U' || id[0] == 'W') }

// done returns nil for an error by which Slack says that there is nothing to do.
func done(err error, nothing ...string) error {
	var named slack.SlackErrorResponse
	if errors.As(err, &named) && slices.Contains(nothing, named.Err) {
		return nil
	}
	return err
}
