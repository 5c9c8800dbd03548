package status_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// The same handler serves share links. A person makes one on the page of a capability, or a program does for a person.
func ExampleLinks_share() {
	decided := catalog.Builtin(nil)
	decided.Services = map[string]catalog.Service{"checkout": {Needs: []string{"ledger"}}, "ledger": {}}
	decided.Capabilities = map[string]catalog.Capability{"buying": {Title: "Buying in the shop", Services: []string{"checkout"}}}
	bell, err := tocsin.New(&tocsin.Config{
		PublicURL: "https://bell.example", LinkKeys: [][]byte{bytes.Repeat([]byte("k"), 32)}, // at least 32 random bytes, kept like a password
		Catalog: decided, Notifier: silent, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- bell.Run(ctx) }()
	for bell.Health(ctx) != nil { // nothing is known before Run has begun
		time.Sleep(time.Millisecond)
	}
	mux := http.NewServeMux()
	mux.Handle("/a/", status.Links(bell, nil))

	share, err := bell.Share(ctx, respond.Viewer{Person: "ana"}, "", "buying", 48*time.Hour)
	if err != nil {
		panic(err)
	}
	for _, link := range []string{share.URL, share.URL[:len(share.URL)-8]} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, link, http.NoBody))
		fmt.Println(w.Code, regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(w.Body.String())[1])
	}
	stop()
	<-done
	// Output:
	// 200 Buying in the shop: nothing is open.
	// 404 This link is not complete
}
