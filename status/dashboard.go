package status

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/respond"
)

//go:embed assets templates
var files embed.FS

// Config configures the handlers of this package.
type Config struct {
	// Who returns the viewer of a request, and false if the request names none; the answer is 401 then. Who is called for each request,
	// and for an event stream once a minute. A Who that reads a header of a proxy is safe only if the proxy removes that header from
	// what clients send. Defaults to nobody.
	Who func(*http.Request) (respond.Viewer, bool)
	// Challenge is the header WWW-Authenticate of the answer 401: how to say who one is, such as Basic realm="bell". Defaults to none.
	Challenge string
	// Zone is the zone of the times that a viewer sees whose person has no zone in the catalog. Defaults to UTC.
	Zone *time.Location
	// Intakes makes the intakes of the program by their names, for the question what would happen if a payload came to one: the functions
	// that make those which the program mounts, see [intake.Rehearse]. nil: nobody can ask.
	Intakes map[string]func(intake.Submitter) http.Handler
	// Logger receives errors of the store and of templates, and requests that were forbidden. Defaults to [slog.Default] at the time of each record.
	Logger *slog.Logger
}

// Dashboard returns a handler that shows the incidents of an engine and lets people act. Mount it under any prefix, which
// [http.StripPrefix] removes. It serves the pages, a stream of changes at events, and the verdict as plain text at verdict.txt. nil is
// a Config without fields, which lets nobody in. The handler starts a goroutine while event streams are open, and none otherwise.
//
// Health of the engine is about its own Run: where Run is not under way in this process, the dashboard says that it cannot say how things
// stand.
func Dashboard(e *tocsin.Engine, c *Config) http.Handler {
	d := &dashboard{
		engine: e, boards: make(map[string]*board), pages: make(map[string]*template.Template), forecasts: make(chan struct{}, wouldSlots),
	}
	if c != nil {
		d.Config = *c
	}
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	for _, name := range []string{"main", "incident", "ask", "list", "capability", "would", "error"} {
		d.pages[name] = template.Must(template.New(name).Funcs(template.FuncMap{"tight": tight}).
			ParseFS(files, "templates/layout.html", "templates/"+name+".html"))
	}
	d.assets, d.revision = assets()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{file}", d.asset)
	for path, page := range map[string]func(*request) error{
		"GET /{$}":         (*request).main,
		"GET /verdict.txt": (*request).verdict,
		"GET /events":      (*request).events,
		"/":                (*request).nowhere,
	} {
		mux.HandleFunc(path, d.known(placed(page)))
	}
	for path, page := range map[string]func(*request) error{
		"GET /incident/{id}":            (*request).incident,
		"GET /incident/{id}/events":     (*request).incidentEvents,
		"GET /incident/{id}/resolve":    (*request).askResolve,
		"GET /incident/{id}/priority":   (*request).askPriority,
		"GET /switch":                   (*request).askSwitch,
		"GET /incident/{id}/page":       (*request).askPage,
		"GET /alerts":                   (*request).alerts,
		"GET /services":                 (*request).services,
		"GET /service/{name}":           (*request).service,
		"GET /capability/{name}":        (*request).capability,
		"POST /capability/{name}/share": (*request).share,
		"GET /history":                  (*request).history,
		"GET /messages":                 (*request).messages,
		"GET /ledger":                   (*request).ledger,
		"GET /ledger.csv":               (*request).ledgerCSV,
		"GET /catalog":                  (*request).catalog,
		"POST /act":                     (*request).act,
		"GET /would":                    (*request).askWould,
	} {
		mux.HandleFunc(path, d.known(placed(person(page))))
	}
	mux.HandleFunc("POST /would", d.knownWith(wouldForm, placed(person((*request).answerWould))))
	return secured(http.NewCrossOriginProtection().Handler(tenanted(mux)))
}

// dashboard serves the pages of one engine.
type dashboard struct {
	Config
	engine   *tocsin.Engine
	pages    map[string]*template.Template
	assets   map[string][]byte
	revision string // of the assets

	forecasts chan struct{} // those that are being made

	mu     sync.Mutex
	boards map[string]*board // by tenant
}

// assets returns the files that pages load, and a name for what they hold.
func assets() (all map[string][]byte, revision string) {
	all = make(map[string][]byte)
	sum := sha256.New()
	entries, _ := fs.ReadDir(files, "assets")
	for _, e := range entries {
		text, _ := files.ReadFile("assets/" + e.Name())
		all[e.Name()] = text
		sum.Write(text)
	}
	return all, hex.EncodeToString(sum.Sum(nil)[:6])
}

// policy is the Content-Security-Policy of every answer.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// secured sets the headers that keep browsers from doing what a page does not ask for.
func secured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

func (d *dashboard) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	text, ok := d.assets[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	kind := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	_, suffix, _ := strings.Cut(name, ".")
	w.Header().Set("Content-Type", kind[suffix])
	w.Header().Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// board returns the board of a tenant.
func (d *dashboard) board(tenant string) *board {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.boards[tenant]
	if b == nil {
		b = newBoard(d.engine, tenant)
		d.boards[tenant] = b
	}
	return b
}

// request is one request of a viewer.
type request struct {
	*dashboard
	*http.Request
	w      http.ResponseWriter
	viewer respond.Viewer
	tenant string
	zone   *time.Location
	base   string // leads from the page to the main page of the tenant
}

// known serves a page to viewers that Who names.
func (d *dashboard) known(page func(*request) error) http.HandlerFunc {
	return d.knownWith(formMost, page)
}

// knownWith is known for a form of at most so many bytes.
func (d *dashboard) knownWith(most int64, page func(*request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		q := &request{dashboard: d, Request: r, w: w, zone: d.Zone}
		q.base = q.root()
		answer := page
		if !q.named() {
			answer = (*request).unknown
		}
		if err := answer(q); err != nil && !q.lead(err) {
			q.failed(err)
		}
	}
}

// person serves a page to people only: it has names, and actions.
func person(page func(*request) error) func(*request) error {
	return func(q *request) error {
		if q.viewer.Person == "" {
			return q.fail(http.StatusForbidden, "Only people see this.", "A screen sees what is open now, without names.")
		}
		return page(q)
	}
}

// named asks who the viewer is, and reports whether it is somebody who may see the tenant.
func (q *request) named() bool {
	if q.Who == nil {
		return false
	}
	viewer, ok := q.Who(q.Request)
	if !ok || viewer.Nobody() {
		return false
	}
	q.viewer = viewer
	q.tenant = cmp.Or(q.PathValue(inPath), home(viewer))
	if p, ok := q.engine.Catalog().Source().People[viewer.Person]; ok && p.Zone != nil {
		q.zone = p.Zone
	}
	return viewer.Sees(q.tenant)
}

// now returns the instant at which a page is made, in the viewer's zone.
func (q *request) now() time.Time { return time.Now().In(q.zone) }

// snapshot returns what the viewer sees at an instant. A screen sees no names.
func (q *request) snapshot(p *projection, now time.Time) Snapshot {
	s := q.seen(p).Snapshot
	s.Now, s.Fault = now, q.fault(p, now)
	if q.viewer.Person == "" {
		s = s.unnamed()
	}
	return s
}

// fault says why nothing newer than a projection is known at an instant; empty: it is recent.
func (q *request) fault(p *projection, now time.Time) string {
	if p.Fault == "" && now.Sub(p.AsOf) > blindAge {
		return faultStore
	}
	return p.Fault
}

// unnamed returns the snapshot without the names of people.
func (s Snapshot) unnamed() Snapshot {
	open := make([]Incident, len(s.Open))
	for i := range s.Open {
		open[i] = s.Open[i]
		open[i].Holders, open[i].Asked, open[i].Pages, open[i].Next = nil, nil, nil, nil
	}
	lost := make([]Lost, len(s.Lost))
	for i := range s.Lost {
		lost[i] = s.Lost[i]
		lost[i].To = "somebody"
	}
	s.Open, s.Lost, s.OnCall = open, lost, nil
	return s
}

// render writes a page. Nothing of a page that cannot be made is sent.
func (q *request) render(status int, page string, data any) error {
	var b bytes.Buffer
	if err := q.pages[page].ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(b.Bytes()) // the viewer has gone away if this fails
	return nil
}

func (q *request) log() *slog.Logger {
	if q.Logger != nil {
		return q.Logger
	}
	return slog.Default()
}
