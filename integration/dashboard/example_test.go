package dashboard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// A browser asks for the page and for what the page names, and for nothing of another site.
func Example() {
	bell, err := tocsin.New(&tocsin.Config{Service: "shop", Notifier: pager, Logger: silent})
	if err != nil {
		panic(err)
	}
	board := status.Dashboard(bell, &status.Config{Who: func(*http.Request) (respond.Viewer, bool) { return respond.Viewer{Person: "ana"}, true }})
	w := httptest.NewRecorder()
	board.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	fmt.Println(w.Code, strings.Count(w.Body.String(), "<script"), strings.Count(w.Body.String(), "https://"))
	fmt.Println(w.Header().Get("X-Frame-Options"))
	// Output:
	// 200 1 0
	// DENY
}
