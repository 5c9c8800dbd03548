// Package notify defines the [Message] and the port [Notifier], which sends messages over one channel. A notifier only sends.
// The engine renders the texts, orders and rates the messages, retries, and chooses the next contact.
//
// A message knows its [Occasion], and the built-in templates choose their words by it. [Message.Parts] lists what a message says, as much
// as a channel has room for, with whole links.
//
// # Errors
//
// The engine retries after an error of Notify, unless the error is marked with [Permanent]. [RetryAfter] marks an error with
// the pause that the provider asked for. [Status] marks the error of an HTTP answer by its status and Retry-After header.
// [Public] removes secrets from an error.
//
// # Testing
//
// Package notifytest tests an HTTP notifier against the rules of [Notifier]. The guide is docs/writing-a-notifier.md.
package notify
