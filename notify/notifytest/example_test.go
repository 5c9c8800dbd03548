package notifytest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/notifytest"
)

// SMS sends through the company's gateway.
type SMS struct {
	URL, Token string
	Client     *http.Client
}

func (s *SMS) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	form := url.Values{"to": {m.To}, "text": {m.Title + "\n" + m.Why}, "ref": {m.Key}}
	req, err := http.NewRequestWithContext(ctx, "POST", s.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	resp, err := s.Client.Do(req)
	if err != nil {
		return notify.Receipt{}, err
	}
	defer resp.Body.Close()
	return notify.Receipt{ID: resp.Header.Get("X-Message-Id")}, notify.Status(resp.StatusCode, resp.Header.Get("Retry-After"))
}

// A notifier of your own, and its check. In a test, call Run: it gives each rule a subtest.
func Example() {
	err := notifytest.Check(func(url string, c *http.Client) notify.Notifier {
		return &SMS{URL: url, Token: "secret", Client: c}
	})
	fmt.Println("broken rules:", err)
	// Output: broken rules: <nil>
}
