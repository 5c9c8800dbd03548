package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/severity"
)

// An endpoint accepts a signed page and refuses an unsigned page.
func ExampleVerify() {
	const secret = "whsec_a2VlcCB0aGlzIG9uZSBpbiBhIHZhdWx0" // shared by sender and receiver

	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = webhook.Verify(secret, r.Header, body, time.Now())
		}
		if err != nil {
			http.Error(w, "not from us", http.StatusUnauthorized)
			return
		}
		var call struct {
			Type string
			Data notify.Message
		}
		if err := json.Unmarshal(body, &call); err != nil {
			http.Error(w, "not JSON", http.StatusBadRequest)
			return
		}
		fmt.Println(call.Type, call.Data.Title)
	}))
	defer endpoint.Close()

	m := notify.Message{Key: "INC-7/1", Kind: notify.Page, Title: "P1 payout waits", Priority: severity.P1, At: time.Now()}
	for _, n := range []*webhook.Notifier{
		{URL: notify.NewSecret(endpoint.URL), Secret: notify.NewSecret(secret), Client: endpoint.Client()},
		{URL: notify.NewSecret(endpoint.URL), Client: endpoint.Client()}, // unsigned
	} {
		_, err := n.Notify(context.Background(), m)
		fmt.Println("error:", err)
	}
	// Output:
	// tocsin.page P1 payout waits
	// error: <nil>
	// error: HTTP status 401
}
