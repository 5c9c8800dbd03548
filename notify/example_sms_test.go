package notify_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/tocsin-dev/tocsin/notify"
)

// SMS sends through the company's gateway.
type SMS struct {
	URL, Token string
	Client     *http.Client
}

// Notify posts one form. Its field ref holds the key, by which the gateway drops duplicates.
func (s *SMS) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	form := url.Values{"to": {m.To}, "text": {m.Title + "\n" + m.Why}, "ref": {m.Key}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.Client.Do(req)
	if err != nil {
		return notify.Receipt{}, err
	}
	defer resp.Body.Close()
	return notify.Receipt{ID: resp.Header.Get("X-Message-Id")}, notify.Status(resp.StatusCode, resp.Header.Get("Retry-After"))
}

// A notifier of your own. It only sends: the engine renders, orders, rates and retries.
func Example() {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Printf("%s %q\n", r.FormValue("to"), r.FormValue("text"))
		w.Header().Set("X-Message-Id", "sms-1")
	}))
	defer gateway.Close()

	sms := &SMS{URL: gateway.URL, Token: "secret", Client: gateway.Client()}
	receipt, err := sms.Notify(context.Background(), notify.Message{
		Key: "INC-7/1", Kind: notify.Page, To: "+491500000000", Title: "P1 payout waits", Why: "impact high × urgency high",
	})
	fmt.Println(receipt.ID, err)
	// Output:
	// +491500000000 "P1 payout waits\nimpact high × urgency high"
	// sms-1 <nil>
}
