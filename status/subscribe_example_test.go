package status_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// The pages for subscribers stand beside the public page.
func ExampleSubscribe() {
	bell, err := tocsin.New(&tocsin.Config{
		Store: memory.New(),
		Catalog: &catalog.Catalog{
			Defaults:  catalog.Defaults{Owner: "shop", Plan: "loud"},
			People:    map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"sms:1"}}},
			Teams:     map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
			Plans:     map[string]catalog.Plan{"loud": {Policy: "ask"}},
			Policies:  map[string]escalate.Policy{"ask": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
			Services:  map[string]catalog.Service{"checkout": {Name: "Checkout"}},
			Audiences: map[string]catalog.Audience{"public": {Channels: []escalate.Contact{"subscribers:customers"}}},
		},
		Notifiers: map[string]notify.Notifier{"sms": &log.Notifier{}, "subscribers": &log.Notifier{}}, // in production an email.Notifier
		PublicURL: "https://bell.example", LinkKeys: [][]byte{[]byte(strings.Repeat("k", 32))},        // random bytes, kept like a password
		Subscribers: tocsin.Subscribers{Key: []byte(strings.Repeat("s", 32)), PublicURL: "https://status.example"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	pages, mux := status.Subscribe(bell, &status.SubscribeConfig{Name: "Shop"}), http.NewServeMux()
	for _, path := range []string{"/subscribe", "/confirm/", "/unsubscribe/"} {
		mux.Handle(path, pages)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/subscribe", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "Get updates about Shop"))
	// Output: 200 true
}
