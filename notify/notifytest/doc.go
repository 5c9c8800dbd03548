// Package notifytest holds a [notify.Notifier] that speaks HTTP to the rules of that port. It plays the provider, which
// accepts, refuses, hangs, breaks off and never ends, so that the author of a notifier writes no fixtures.
//
// The rules are those numbered in the comment of [notify.Notifier], and a failure quotes the one that is broken. What the
// provider takes it answers with 200, 201 or 202 and the document {}. Whether mark-up of one's own provider is escaped is
// the author's to test: rule 11 finds texts that break out of their place in JSON, a form, XML, the headers or the path.
package notifytest
