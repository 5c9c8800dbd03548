package status_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
)

// The dashboard is mounted under a prefix. Here a proxy in front has checked the password and names the person in a header, which it
// must remove from what clients send: else anybody is whoever they say.
func ExampleDashboard() {
	bell, err := tocsin.New(&tocsin.Config{Service: "shop", Notifier: silent})
	if err != nil {
		panic(err)
	}
	dashboard := status.Dashboard(bell, &status.Config{
		Who: func(r *http.Request) (respond.Viewer, bool) {
			name := r.Header.Get("X-Forwarded-User")
			return respond.Viewer{Person: escalate.PersonID(name)}, name != ""
		},
	})
	mux := http.NewServeMux()
	mux.Handle("/status/", http.StripPrefix("/status", dashboard))

	get := func(path, user string) {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		if user != "" {
			r.Header.Set("X-Forwarded-User", user)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		heading, _, _ := strings.Cut(w.Body.String(), ":")
		fmt.Println(w.Code, heading[:min(13, len(heading))])
	}
	get("/status/verdict.txt", "ana")
	get("/status/verdict.txt", "")
	// Output:
	// 200 We cannot say
	// 401 <!doctype htm
}

func ExampleVerdict() {
	now := time.Date(2026, 8, 19, 14, 5, 40, 0, time.UTC)
	fmt.Println(status.Verdict(status.Snapshot{
		Now: now, AsOf: now,
		Open: []status.Incident{{
			Title: "Checkout is down", Priority: severity.P1, State: status.Unheld, Since: now.Add(-4 * time.Minute),
			Asked: []string{"ana"}, Next: []string{"ben"}, NextAt: now.Add(100 * time.Second),
		}},
	}))
	// Output: Checkout is down for 4 min and nobody has it. ana was paged; ben is next in 1 min 40 s.
}
