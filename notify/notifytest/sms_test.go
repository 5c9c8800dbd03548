package notifytest_test

import (
	"net/http"
	"testing"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/notifytest"
)

func TestSMS(t *testing.T) {
	notifytest.Run(t, func(t *testing.T, url string, c *http.Client) notify.Notifier {
		return &SMS{URL: url, Token: "secret", Client: c}
	})
}
