package pagerduty_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/pagerduty"
	"github.com/tocsin-dev/tocsin/severity"
)

// A page opens an alert. The all-clear of the same incident resolves it.
func ExampleNotifier() {
	events := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct {
			Action string `json:"event_action"`
			Key    string `json:"dedup_key"`
		}
		if err := json.NewDecoder(r.Body).Decode(&sent); err == nil {
			fmt.Println(sent.Action, sent.Key)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer events.Close()

	n := &pagerduty.Notifier{RoutingKey: notify.NewSecret("the integration key"), URL: events.URL, Client: events.Client()}
	for _, kind := range []notify.Kind{notify.Page, notify.AllClear} {
		_, err := n.Notify(context.Background(), notify.Message{
			Key: "INC-7/" + string(kind), Kind: kind, Title: "P1 payout waits", Incident: "INC-7", Priority: severity.P1,
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// trigger INC-7
	// resolve INC-7
}
