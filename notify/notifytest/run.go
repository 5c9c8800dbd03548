package notifytest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/tocsin-dev/tocsin/notify"
)

// Run holds notifiers to every rule, each in a subtest of its name. newNotifier makes one that sends to url through c, and
// is called again for every provider that the suite plays. Like any client that a notifier should be given, c follows no
// redirects.
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

// Check is Run without a test: it returns every rule that is broken, joined, or nil.
func Check(newNotifier func(url string, c *http.Client) notify.Notifier) error {
	var errs []error
	for _, r := range rules {
		errs = append(errs, r.broken(&subject{newNotifier}))
	}
	return errors.Join(errs...)
}

// rule is one of those in the comment of notify.Notifier.
type rule struct {
	name  string // R and the number
	says  string // from the comment
	check func(*subject) []error
}

var rules = []rule{
	{"R01-concurrent", "Notify may be called concurrently", checkConcurrent},
	{"R02-context", "It may block until ctx ends, and returns soon after", checkContext},
	{"R03-accepted", "nil means that the provider accepted the message", checkAccepted},
	{"R04-key", "A repeat carries the same Message.Key: hand it to the provider", checkKey},
	{"R05-once", "Notify asks once", checkOnce},
	{"R06-permanent", "What no further try can mend is [Permanent]", checkPermanent},
	{"R07-passing", "What may pass is not", checkPassing},
	{"R08-pause", "The pause that a provider asks for is kept", checkPause},
	{"R09-secret", "No error holds a secret", checkSecret},
	{"R10-bounded", "An answer is read up to a limit", checkBounded},
	{"R11-texts", "Texts stay texts", checkTexts},
}

// broken returns how s breaks the rule, or nil.
func (r *rule) broken(s *subject) error {
	found := r.check(s)
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %q\n%w", r.name, r.says, errors.Join(found...))
}

// subject is what the rules are held over.
type subject struct {
	newNotifier func(url string, c *http.Client) notify.Notifier
}
