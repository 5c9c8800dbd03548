package status_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
)

// Ana gets a page, follows its link and presses the button.
func ExampleLinks() {
	pages := make(chan notify.Message, 1)
	bell, err := tocsin.New(&tocsin.Config{
		PublicURL: "https://bell.example", LinkKeys: [][]byte{bytes.Repeat([]byte("k"), 32)}, // at least 32 random bytes, kept like a password
		Logger: slog.New(slog.DiscardHandler),
		Catalog: &catalog.Catalog{
			Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
			People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"sms:+491500000001"}}},
			Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
			Services: map[string]catalog.Service{"checkout": {Tier: 1}},
			Classes:  []event.Class{{Name: "checkout.down", Service: "checkout", Severity: severity.Critical}},
			Plans:    map[string]catalog.Plan{"loud": {Policy: "ask"}},
			Policies: map[string]escalate.Policy{"ask": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
		},
		Notifiers: map[string]notify.Notifier{"sms": notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			pages <- m
			return notify.Receipt{}, nil
		})},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/a/", status.Links(bell, nil))

	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- bell.Run(ctx) }()
	if err := bell.Submit(ctx, event.Event{Type: "checkout.down", Summary: "Checkout is down"}); err != nil {
		panic(err)
	}
	page := <-pages
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(method, page.Ack, nil))
		fmt.Println(method, w.Code, strings.Contains(w.Body.String(), "Nobody has it"), strings.Contains(w.Body.String(), "You have it"))
	}
	stop()
	<-done
	// Output:
	// GET 200 true false
	// POST 200 false true
}
