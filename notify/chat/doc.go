// Package chat sends messages to rooms and people in Slack, Microsoft Teams, Discord, Telegram and ntfy. One Notifier
// serves all of them over a table of what makes each different.
//
// A message becomes its title, whom it is for, its text and the reason of its priority. What comes from events is plain
// text there: it can format nothing, mention nobody and hide no link. Of a text that is longer than the service takes, the
// end is cut.
//
// What Message.To means depends on what the service lets a sender choose:
//
//   - Slack: the room belongs to the URL. A member id (U012AB3CD) is mentioned, anything else stands in the text.
//   - Teams: the room belongs to the workflow. To stands in the text.
//   - Discord: the room belongs to the URL. An id of digits alone is mentioned, anything else stands in the text.
//   - Telegram: the id of a chat or the @name of a public one, instead of the one given to the constructor.
//   - ntfy: the topic, instead of the one in the URL.
//
// Every request carries an id made of Message.Key in the header Tocsin-Message-Id. Only ntfy takes one that has an effect
// (sequence_id, from version 2.16 on): there a repeat replaces the first. The others show a repeat once more.
//
// # Errors
//
// No error holds a URL, a token or what the service said: it names the host and the HTTP status. An answer of 4xx is
// permanent, but for 408, 425 and 429, where the pause that the service asks for is kept.
package chat
