package status

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/internal/window"
)

// SubscribeConfig configures [Subscribe].
type SubscribeConfig struct {
	// Tenant is whose updates they are. Defaults to the tenant without a name.
	Tenant string
	// List is the list to which people subscribe: NAME of a channel subscribers:NAME. Defaults to the only list of the catalog.
	List string
	// Name is whose updates they are, as customers know it, such as "Shop". Defaults to none.
	Name string
	// Regions are those that people can choose: values of the label region. Defaults to none.
	Regions []string
	// Source returns from where a request comes, such as the address that a proxy in front passes on; how often somebody subscribes is
	// bounded by it. Defaults to the address of the connection, of IPv6 its first 64 bits.
	Source func(*http.Request) string
}

const (
	perSource   = 10     // requests to subscribe from one source in an hour
	perHour     = 1000   // from all
	mostSources = 10_000 // that are remembered
	mostForm    = 64 << 10
)

// Subscribe serves the pages on which people and machines subscribe to the updates for customers: subscribe, where they ask for them;
// confirm/TOKEN and unsubscribe/TOKEN, to which the links in their messages lead. Mount it at these three paths beneath
// [tocsin.Subscribers] PublicURL, beside the public page. The pages need no login and no script, and ask no other server for anything.
//
// GET shows and changes nothing, whoever follows a link. POST acts; a POST to unsubscribe is also that of a mail program (RFC 8058). The
// answer to a request to subscribe is the same for every address. There are at most 10 requests in an hour from one source, and 1,000 from
// all; others get 429. The bounds are those of this handler: several replicas have them several times.
func Subscribe(e *tocsin.Engine, c *SubscribeConfig) http.Handler {
	s := &subscribePages{engine: e, style: linkCSS + subscribeCSS, sources: make(map[string]*window.Log), all: window.New(perHour, time.Hour)}
	if c != nil {
		s.SubscribeConfig = *c
	}
	s.headers = linkHeaders(s.style)
	return s
}

type subscribePages struct {
	SubscribeConfig
	engine  *tocsin.Engine
	style   string
	headers map[string]string

	mu      sync.Mutex
	sources map[string]*window.Log
	all     *window.Log
}

var (
	//go:embed subscribe.html
	subscribeHTML string
	//go:embed subscribe.css
	subscribeCSS string

	subscribeTemplate = template.Must(template.New("subscribe").Parse(subscribeHTML))
)

// subscribePage is what a page shows.
type subscribePage struct {
	Status  int
	Heading string
	Fault   string
	Lines   []string
	Secret  string
	Button  string
	Form    *subscribeForm
}

// subscribeForm is what people can choose.
type subscribeForm struct{ Services, Regions []string }

// ServeHTTP implements http.Handler.
func (s *subscribePages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what, token := path.Base(r.URL.Path), ""
	if what != "subscribe" {
		what, token = path.Base(path.Dir(r.URL.Path)), what
	}
	acts := r.Method == http.MethodPost
	var p subscribePage
	switch {
	case !acts && r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD, POST")
		p = subscribePage{Status: http.StatusMethodNotAllowed, Heading: "Not done", Lines: []string{"Open the page in a browser."}}
	case what == "unsubscribe" && acts: // from another site too: who has the link may
		p = s.unsubscribe(r.Context(), token)
	case acts && linkOrigin(r) != nil:
		p = subscribePage{Status: http.StatusForbidden, Heading: "Not done", Lines: []string{"Another site sent this. Open this page, and press the button here."}}
	case what == "subscribe" && acts:
		p = s.subscribe(w, r)
	case what == "subscribe":
		p = s.form("")
	case what == "confirm" && acts:
		p = s.confirm(r.Context(), token)
	case what == "confirm":
		p = subscribePage{Status: http.StatusOK, Heading: "Confirm that you want updates", Button: "Confirm", Lines: []string{"Without this, nothing is sent to you."}}
	case what == "unsubscribe":
		p = subscribePage{Status: http.StatusOK, Heading: "Unsubscribe", Button: "Unsubscribe", Lines: []string{"You get no more updates. Your address is forgotten."}}
	default:
		p = subscribePage{Status: http.StatusNotFound, Heading: "There is nothing here", Lines: []string{"Open the link from the message again, or copy all of it."}}
	}
	s.write(w, &p)
}

// form asks for an address, and says what was wrong with the one before.
func (s *subscribePages) form(fault string) subscribePage {
	p := subscribePage{Status: http.StatusOK, Heading: "Get our updates", Fault: fault, Form: &subscribeForm{s.engine.Catalog().PublicNames(), s.Regions}}
	if s.Name != "" {
		p.Heading = "Get updates about " + s.Name
	}
	if fault != "" {
		p.Status = http.StatusBadRequest
	}
	return p
}

// subscribe asks the engine to send a request to confirm.
func (s *subscribePages) subscribe(w http.ResponseWriter, r *http.Request) subscribePage {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return s.form("The form could not be read.")
	}
	if wait := s.bounded(s.source(r), time.Now()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		return subscribePage{Status: http.StatusTooManyRequests, Heading: "Not now", Lines: []string{"Too many requests came from where you are. Try again in an hour."}}
	}
	f := comms.Filter{Services: r.PostForm["service"], Regions: r.PostForm["region"]}
	for _, topic := range r.PostForm["topic"] {
		f.Topics = append(f.Topics, comms.Topic(topic))
	}
	if len(f.Topics) == len(comms.Topics()) {
		f.Topics = nil
	}
	if slices.ContainsFunc(f.Regions, func(region string) bool { return !slices.Contains(s.Regions, region) }) {
		return s.form("Choose among the regions of this page.")
	}
	mail, hook := strings.TrimSpace(r.PostForm.Get("mail")), strings.TrimSpace(r.PostForm.Get("webhook"))
	if (mail == "") == (hook == "") {
		return s.form("Give an address of mail or a webhook, and not both.")
	}
	err := s.engine.Subscribe(r.Context(), tocsin.Subscription{Tenant: s.Tenant, List: s.list(), Mail: mail, Webhook: hook, Filter: f})
	var malformed *tocsin.SubscriptionError
	switch {
	case errors.As(err, &malformed):
		return s.form("This is not an address to which updates can be sent.")
	case err != nil:
		return subscribeBroken()
	}
	return subscribePage{Status: http.StatusOK, Heading: "Almost done", Lines: []string{
		"If the address is right, a message with a link is on its way to it. Open the link within 24 hours, and confirm.",
		"Nothing came after some minutes? Look among the unwanted mails. An address gets at most three such messages a day.",
	}}
}

func subscribeBroken() subscribePage {
	return subscribePage{Status: http.StatusServiceUnavailable, Heading: "This does not work now", Lines: []string{"Try again in a moment."}}
}

// list returns the list to which people subscribe.
func (s *subscribePages) list() string {
	if lists := s.engine.Catalog().Lists(); s.List == "" && len(lists) == 1 {
		return lists[0]
	}
	return s.List
}

// source returns from where a request comes.
func (s *subscribePages) source(r *http.Request) string {
	if s.Source != nil {
		return s.Source(r)
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if net, err := addr.Prefix(64); err == nil {
			return net.String()
		}
	}
	return addr.String()
}

// bounded counts a request, or says how long it must wait.
func (s *subscribePages) bounded(source string, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sources) >= mostSources {
		for name, log := range s.sources {
			if log.Idle(now) {
				delete(s.sources, name)
			}
		}
	}
	log := s.sources[source]
	if log == nil {
		log = window.New(perSource, time.Hour)
		if len(s.sources) < mostSources { // beyond, only the bound for all counts
			s.sources[source] = log
		}
	}
	if at := later(log.Next(now, 0), s.all.Next(now, 0)); at.After(now) {
		return at.Sub(now)
	}
	log.Pass(now)
	s.all.Pass(now)
	return 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// confirm confirms by a link, and shows what came of it.
func (s *subscribePages) confirm(ctx context.Context, token string) subscribePage {
	who, err := s.engine.Confirm(ctx, token)
	if err != nil {
		return subscribeInvalid(err, "Subscribe again to get a new link.")
	}
	p := subscribePage{Status: http.StatusOK, Heading: "You get our updates", Lines: []string{"Every message has a link to end them."}}
	if who.Webhook {
		p.Lines = append(p.Lines, "Requests are signed with this secret, as in Standard Webhooks. Keep it: this page shows it only while the link is valid.")
		p.Secret = who.Secret
	}
	return p
}

// unsubscribe ends the updates by a link, and shows what came of it.
func (s *subscribePages) unsubscribe(ctx context.Context, token string) subscribePage {
	if err := s.engine.Unsubscribe(ctx, token); err != nil {
		return subscribeInvalid(err, "Open it from the message again, or copy all of it.")
	}
	return subscribePage{Status: http.StatusOK, Heading: "You get no more updates", Lines: []string{"Your address is forgotten. What was on its way already may still come."}}
}

// subscribeInvalid says what to do where a link does nothing.
func subscribeInvalid(err error, then string) subscribePage {
	var bad *tocsin.LinkError
	if !errors.As(err, &bad) {
		return subscribeBroken()
	}
	p := subscribePage{Status: http.StatusGone, Heading: "This link is not valid any more", Lines: []string{then}}
	if bad.Fault == tocsin.LinkTruncated || bad.Fault == tocsin.LinkForeign {
		p.Status, p.Heading = http.StatusNotFound, "This link is not valid"
	}
	return p
}

// write sends a page.
func (s *subscribePages) write(w http.ResponseWriter, p *subscribePage) {
	var b bytes.Buffer
	err := subscribeTemplate.Execute(&b, struct {
		Page  *subscribePage
		Style template.CSS
	}{p, template.CSS(s.style)})
	for name, value := range s.headers {
		w.Header().Set(name, value)
	}
	status := p.Status
	if err != nil { // texts only: cannot happen
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
