// Package notifytest tests a [notify.Notifier] that uses HTTP against the numbered rules of that port. The suite runs a test
// server as the provider. The server accepts, refuses, hangs, breaks connections and sends endless answers. A failure quotes
// the broken rule.
//
// The test server accepts a message with 200, 201 or 202 and the body {}. Rule 11 finds texts that break out of their field in
// JSON, a form, XML, a header or the path. It does not know the mark-up of your provider: test its escaping yourself.
package notifytest
