package notifytest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/tocsin-dev/tocsin/notify"
)

// Run tests every rule in a subtest of the rule's name, such as R04-key. newNotifier returns a notifier that sends to url
// through c; the suite calls it once for each test server. c follows no redirects, as a production client should not.
func Run(t *testing.T, newNotifier func(t *testing.T, url string, c *http.Client) notify.Notifier) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			s := &subject{func(url string, c *http.Client) notify.Notifier { return newNotifier(t, url, c) }}
			if err := r.broken(s); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check tests every rule like [Run], without a testing.T. It joins the errors of all broken rules; nil means none is broken.
func Check(newNotifier func(url string, c *http.Client) notify.Notifier) error {
	var errs []error
	for _, r := range rules {
		errs = append(errs, r.broken(&subject{newNotifier}))
	}
	return errors.Join(errs...)
}

// rule is one numbered rule of notify.Notifier.
type rule struct {
	name  string // R, the number and a word
	says  string // quoted from the comment of notify.Notifier
	check func(*subject) []error
}

var rules = []rule{
	{"R01-concurrent", "Notify may be called concurrently", checkConcurrent},
	{"R02-context", "It may block until ctx ends, and returns promptly after", checkContext},
	{"R03-accepted", "It returns nil if and only if the provider accepted the message", checkAccepted},
	{"R04-key", "All tries of a message carry the same Message.Key. Pass it to the provider", checkKey},
	{"R05-once", "Notify sends one request", checkOnce},
	{"R06-permanent", "An error that no retry can cure is [Permanent]", checkPermanent},
	{"R07-temporary", "A temporary error is not permanent", checkTemporary},
	{"R08-pause", "The error carries the pause that the provider asked for", checkPause},
	{"R09-secret", "No error contains a secret", checkSecret},
	{"R10-bounded", "Notify reads a bounded number of bytes of the answer", checkBounded},
	{"R11-texts", "Texts stay data", checkTexts},
	{"R12-links", "A link is sent whole or left out", checkLinks},
}

// broken returns an error if s breaks the rule.
func (r *rule) broken(s *subject) error {
	found := r.check(s)
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %q\n%w", r.name, r.says, errors.Join(found...))
}

// subject is the notifier under test.
type subject struct {
	newNotifier func(url string, c *http.Client) notify.Notifier
}
