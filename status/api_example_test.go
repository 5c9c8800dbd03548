package status_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify"
	notifylog "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// Who lets in whoever has a token. The token says who it is; a request that names somebody in its body names nobody.
func ExampleAPI() {
	quiet := slog.New(slog.DiscardHandler)
	bell, err := tocsin.New(&tocsin.Config{Notifiers: map[string]notify.Notifier{"default": &notifylog.Notifier{Logger: quiet}}, Logger: quiet})
	if err != nil {
		panic(err)
	}
	viewers := map[string]respond.Viewer{"Bearer 8d1c": {Person: "ana"}} // tokens from your own place for secrets
	api := status.API(bell, &status.Config{Challenge: "Bearer", Who: func(r *http.Request) (respond.Viewer, bool) {
		v, ok := viewers[r.Header.Get("Authorization")]
		return v, ok
	}})
	mux := http.NewServeMux()
	mux.Handle("/api/v1/", http.StripPrefix("/api/v1", api))

	ask := func(method, path, token, body string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", token)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	ask(http.MethodGet, "/api/v1/incidents?open=true", "Bearer 8d1c", "")
	ask(http.MethodPost, "/api/v1/incidents/k7qf2mab/acknowledge", "Bearer guess", "{}")
	ask(http.MethodPost, "/api/v1/incidents/k7qf2mab/acknowledge", "Bearer 8d1c", `{"by": "ben"}`)
	ask(http.MethodPost, "/api/v1/incidents/k7qf2mab/acknowledge", "Bearer 8d1c", "{}")
	// Output:
	// 200 {"incidents":[]}
	// 401 {"type":"urn:tocsin:problem:unauthenticated","title":"You are not known here","status":401,"detail":"The request names no person and no machine. Say who you are, then send it again."}
	// 400 {"type":"urn:tocsin:problem:invalid","title":"The request is not valid","status":400,"detail":"the body: unknown field \"by\""}
	// 404 {"type":"urn:tocsin:problem:not-found","title":"There is no such thing","status":404,"detail":"It does not exist, is older than what is kept, or belongs to a tenant that you do not see."}
}
