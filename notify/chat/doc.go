// Package chat sends messages to rooms and people in Slack, Microsoft Teams, Discord, Telegram and ntfy. One [Notifier] type
// serves all of them; a table holds the differences.
//
// A chat message shows the title, the recipient and the other parts of the message: text, reason of the priority, links, note. Text
// from events is escaped: it cannot format, mention people or hide a link. What is too long for the service is left out by whole parts,
// see [notify.Message.Parts]; a link is shown whole or not at all.
//
// The meaning of Message.To depends on the service:
//
//   - Slack: the URL fixes the room. A member id (U012AB3CD) is mentioned; any other value is printed in the text.
//   - Teams: the workflow fixes the room. To is printed in the text.
//   - Discord: the URL fixes the room. A user id of 15 to 20 digits is mentioned; any other value is printed in the text.
//   - Telegram: To is the id of a chat or the @name of a public chat. It overrides the chat of the constructor.
//   - ntfy: To is the topic. It overrides the topic in the URL.
//
// Every request has the header Tocsin-Message-Id, made from Message.Key. Only ntfy drops duplicates: from version 2.16 on, a
// repeat replaces the first message (sequence_id). The other services show a repeat again.
//
// # Errors
//
// Errors name the host and the HTTP status; they never contain a URL, a token or text from the service. A 4xx answer is
// permanent, except 408, 425 and 429: these are retried after the pause that the service asks for.
package chat
