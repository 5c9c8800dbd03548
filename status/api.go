package status

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/respond"
)

// API returns a JSON API for what people and programs do with incidents. Mount it under any prefix, such as /api/v1, which
// [http.StripPrefix] removes. Its file openapi.json describes every route, with examples. c may be nil, which lets nobody in.
//
// Config.Who names the viewer of each request. Only the health in one word and openapi.json are for everybody. A viewer reads what has a
// tenant that the viewer sees; anything else is answered 404, as if it did not exist. A POST is a command by [tocsin.Engine.DoAs]: the
// viewer gives it, whatever the body says. The header Idempotency-Key makes a repeat harmless: the same viewer's same command with the same
// key is carried out once.
//
// A body is JSON of at most 64 KiB. No other origin may use the API from a browser. An answer that is no success is a problem of RFC 9457.
// Dead letters, what cannot be read, and the reason of bad health are for viewers with [respond.GrantOperator]. Addresses of people are
// masked, but for themselves and operators. Machines read as people do: a Who that names screens on a wall should not name them here.
//
// POST would/{intake} commands nothing: it says what would happen if the body came to an intake of Config.Intakes.
//
// At most 32 reads and 32 commands wait for the store at once, and two forecasts are made; more are answered 503 with Retry-After. An
// answer takes at most 10 seconds, the list of what cannot be read a minute. How long a client may take to send its request is for the
// server to bound.
func API(e *tocsin.Engine, c *Config) http.Handler {
	a := &api{engine: e, boards: &dashboard{engine: e, boards: make(map[string]*board)}, reads: make(chan struct{}, apiSlots), commands: make(chan struct{}, apiSlots), forecasts: make(chan struct{}, wouldSlots)}
	if c != nil {
		a.Config = *c
	}
	nowhere := a.refuse(problemNotFound, "", "")
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(a.refuse(problemOrigin, "", ""))
	guarded := origin.Handler(a.mux(nowhere))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if p := r.URL.EscapedPath(); p != path.Clean(p) { // ServeMux would lead to a place that does not know of the prefix
			nowhere.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// apiRoutes returns the routes by pattern.
func apiRoutes() map[string]apiRoute {
	routes := map[string]apiRoute{
		"GET /openapi.json": {answer: (*apiRequest).openAPI, open: true},
		"GET /health":       {answer: (*apiRequest).health, open: true},
	}
	maps.Copy(routes, apiReads())
	maps.Copy(routes, apiCommands())
	maps.Copy(routes, apiRuns())
	maps.Copy(routes, apiLife())
	maps.Copy(routes, apiRoles())
	maps.Copy(routes, apiUpdates())
	maps.Copy(routes, apiCapabilities())
	routes["POST /would/{intake}"] = apiRoute{answer: (*apiRequest).would, payload: true}
	return routes
}

// mux leads requests to the routes, and those of other methods or paths to their refusals.
func (a *api) mux(nowhere http.Handler) *http.ServeMux {
	mux, allowed := http.NewServeMux(), make(map[string][]string)
	for pattern, route := range apiRoutes() {
		method, where, _ := strings.Cut(pattern, " ")
		mux.Handle(pattern, a.serve(route))
		allowed[where] = append(allowed[where], strings.Replace(method, "GET", "GET, HEAD", 1))
	}
	for where, methods := range allowed {
		slices.Sort(methods)
		mux.Handle(where, a.refuse(problemMethod, "Allow", strings.Join(methods, ", ")))
	}
	mux.Handle("/", nowhere)
	return mux
}

const (
	apiSlots  = 32               // reads, and commands, that are answered at once
	apiWithin = 10 * time.Second // to answer
	apiLong   = time.Minute      // to read the whole store
)

//go:embed openapi.json
var openAPI []byte

// api serves one engine.
type api struct {
	Config
	engine          *tocsin.Engine
	boards          *dashboard // only its boards
	reads, commands chan struct{}
	forecasts       chan struct{}
}

// apiRoute is what a pattern leads to.
type apiRoute struct {
	answer   func(*apiRequest) (any, error) // nil without an error: there is nothing to say
	open     bool                           // for nobody too, and waits for no store
	operator bool                           // for those with the grant
	payload  bool                           // the body is that of a sender, and nothing is commanded
	within   time.Duration                  // defaults to apiWithin
}

// apiRequest is one request of a viewer.
type apiRequest struct {
	*api
	*http.Request
	viewer respond.Viewer
	values url.Values
}

// serve answers the requests of a route.
func (a *api) serve(route apiRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &apiRequest{api: a, Request: r, values: r.URL.Query()}
		if a.Who != nil {
			if v, ok := a.Who(r); ok {
				q.viewer = v
			}
		}
		answer, err := q.respond(w, route)
		if err != nil {
			q.fail(w, err)
			return
		}
		q.write(w, http.StatusOK, answer)
	})
}

// respond returns the answer of a route to those who may have it.
func (q *apiRequest) respond(w http.ResponseWriter, route apiRoute) (any, error) {
	switch {
	case route.open:
		return route.answer(q)
	case q.viewer.Nobody():
		return nil, problemUnauthenticated
	case route.operator && !q.viewer.Has(respond.GrantOperator):
		err := &respond.ForbiddenError{Viewer: q.viewer, Need: respond.NeedOperator, Who: "somebody with the grant " + respond.GrantOperator}
		q.log(slog.LevelWarn, "a request was forbidden", err)
		return nil, err
	}
	slots, receive := q.reads, func(http.ResponseWriter) error { return nil }
	switch {
	case route.payload:
		slots, receive = q.forecasts, q.receivePayload
	case q.Method == http.MethodPost:
		slots, receive = q.commands, q.receive
	}
	if err := receive(w); err != nil { // a slow sender holds no slot
		return nil, err
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	default:
		return nil, problemOverload
	}
	ctx, cancel := context.WithTimeout(q.Context(), cmp.Or(route.within, apiWithin))
	defer cancel()
	q.Request = q.WithContext(ctx)
	answer, err := route.answer(q)
	if err != nil {
		return nil, q.problemOf(err) // while how things stand can be read
	}
	return answer, nil
}

// write sends an answer.
func (q *apiRequest) write(w http.ResponseWriter, status int, answer any) {
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if text, ok := answer.(plainText); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, string(text))
		return
	}
	text, ok := answer.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(answer); err != nil {
			q.log(slog.LevelError, "an answer cannot be made", err)
			status, text = http.StatusInternalServerError, []byte("{}")
		}
	}
	if status < http.StatusBadRequest {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client has gone away if this fails
}

func (q *apiRequest) log(level slog.Level, text string, err error) {
	logger := q.Logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.Log(q.Context(), level, "status: "+text, "method", q.Method, "path", q.URL.Path, "viewer", string(q.viewer.By()), "error", err)
}

func (q *apiRequest) openAPI() (any, error) { return json.RawMessage(openAPI), nil }

// health tells everybody whether the engine delivers, and operators why it does not.
func (q *apiRequest) health() (any, error) {
	err := q.engine.Health(q.Context())
	if err == nil {
		return map[string]string{"status": "ok"}, nil
	}
	ill := *problemIll
	if q.viewer.Has(respond.GrantOperator) {
		ill.Detail = err.Error()
	}
	return nil, &ill
}
