// Package slackapp sends messages as an app of Slack, with a button that acknowledges, and takes the clicks. For messages without
// buttons an incoming webhook is enough: see package notify/chat.
//
// An [App] is a [notify.Notifier]. Clicks come in by one of two ways: [App.Handler], to which Slack posts, or [App.Run], which keeps a
// connection to Slack (socket mode) and needs no public address. docs/slack.md says how to set up the app.
//
// # Who clicks
//
// A click acknowledges as a person of the catalog: the person who has the member id of the user, such as U012AB3CD, as a contact or
// another name. Nobody else's click counts, nor that of a member of another workspace. The button holds the incident and nothing secret;
// whether the person may acknowledge is decided by DoAs of the engine. The answer is shown in place: the message says who has the incident
// since when, and the person alone sees why a click was refused.
//
// # Declarations and rooms
//
// A slash command declares an incident as the person who typed it. [Rooms] gives each incident a channel of its own, by actions of runbooks.
//
// # Texts
//
// Texts of events are elements of rich text, in which nothing is mark-up: they cannot format, mention people, hide a link or add a button.
// A message has at most 3,000 characters; what is too long is left out by whole parts, see [notify.Message.Parts].
//
// # Repeats
//
// Slack shows a message again that is posted again: it drops no duplicates. If its answer is lost on the way, the message stands there
// twice, and each of the two has a button that works. The metadata of a message holds a hash of [notify.Message] Key, by which a program
// can find the two. A click that Slack delivers twice counts once.
//
// # Errors
//
// Errors contain no token and no text of Slack. An HTTP status is judged as [notify.Status] does. Of the errors that Slack names behind
// status 200, those of a busy or broken Slack are retried, and all others are permanent.
package slackapp
