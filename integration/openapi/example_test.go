package openapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/status"
)

// A program reads the file from the API, for which it needs no login.
func Example() {
	bell, err := tocsin.New(&tocsin.Config{Notifier: &log.Notifier{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	status.API(bell, nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	post := doc.Paths.Value("/incidents/{id}/acknowledge").Post
	fmt.Println(post.OperationID, post.Summary)
	// Output: acknowledge Take the incident
}
