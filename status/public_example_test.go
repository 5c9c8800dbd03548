package status_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/status"
)

// The status page for customers is mounted on a site of its own, and kept fresh by Run beside that of the engine. In the catalog the service
// checkout has a name for customers.
func ExampleNewPublic() {
	ctx, stop := context.WithCancel(context.Background())
	bell, err := tocsin.New(&tocsin.Config{Service: "shop", Notifiers: map[string]notify.Notifier{"pager": silent}, Catalog: telling()})
	if err != nil {
		panic(err)
	}
	page, err := status.NewPublic(bell, &status.PublicConfig{URL: "https://status.shop.example"})
	if err != nil {
		panic(err)
	}
	ended := make(chan error, 2)
	go func() { ended <- bell.Run(ctx) }()
	go func() { ended <- page.Run(ctx) }()
	mux := http.NewServeMux()
	mux.Handle("/", page)

	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return w
	}
	for get("/").Code == http.StatusServiceUnavailable { // Run has not looked yet
		time.Sleep(time.Millisecond)
	}
	var says struct {
		Status struct{ Indicator, Description string }
	}
	if err := json.Unmarshal(get("/api/v2/status.json").Body.Bytes(), &says); err != nil {
		panic(err)
	}
	fmt.Println(says.Status.Indicator+":", says.Status.Description)
	stop()
	fmt.Println(<-ended, <-ended)
	// Output:
	// none: Everything works.
	// <nil> <nil>
}
