package status

import (
	"log/slog"
	"net/http"

	"github.com/tocsin-dev/tocsin/respond"
)

// Config configures the handlers of this package. nil is a Config without fields, which lets nobody in.
type Config struct {
	// Who returns the viewer of a request, and false if the request names none; the answer is 401 then. Who is called for each request,
	// perhaps concurrently. A Who that reads a header of a proxy is safe only if the proxy removes that header from what clients send.
	// Defaults to nobody.
	Who func(*http.Request) (respond.Viewer, bool)
	// Challenge is the header WWW-Authenticate of the answer 401: how to say who one is, such as Basic realm="bell". Defaults to none.
	Challenge string
	// Logger receives errors of the store, and refusals of what is for operators. Defaults to [slog.Default] at the time of each record.
	Logger *slog.Logger
}
