// Package outbox is the one worker that sends what was decided: it hands due tasks to their notifiers and reports what
// became of each. It decides nothing but when to try again; who is tried next is decided where the outcome goes.
package outbox
