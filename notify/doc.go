// Package notify holds the port through which messages leave, and what a message is. A notifier only sends: order, rate,
// retry and the choice of the next contact belong to the engine, and texts are rendered before a notifier sees them.
//
// # Errors
//
// An error of Notify is retried unless it says otherwise: wrap it with [Permanent] when trying again cannot help, with
// [RetryAfter] when the other side named a pause. [Status] does both from an HTTP answer, and [Public] takes out of an error
// what it should not tell.
//
// # Testing
//
// Package notifytest holds a notifier that speaks HTTP to the rules of [Notifier]; docs/writing-a-notifier.md leads there.
package notify
