package main

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

//go:embed demo
var demoCatalog embed.FS

const (
	visitorTeam   = "payments" // a visitor is who is on call for it
	visitorHeader = "X-Demo-Person"
	visitorCookie = "demo-person"
)

// demo is a hub with a company that is played: events come in, people answer, and so does a visitor.
type demo struct {
	*hub
	catalog *catalog.Catalog
	kept    store.Store
	shown   *terminal
	url     string
	me      escalate.PersonID // who a visitor is that has not chosen
	front   http.Handler
	rounds  int // that have ended
	sent    int // events, for their ids
}

// runDemo plays the company until ctx ends.
func runDemo(ctx context.Context, o *options, out io.Writer) error {
	if o.catalog != "" || o.postgres != "" || o.replicas != 1 || o.db != defaultFile {
		return errors.New("-demo has a catalog of its own and keeps nothing, expected no other flag but -addr")
	}
	if host, _, err := net.SplitHostPort(o.addr); err != nil || !isLoopback(host) {
		return fmt.Errorf("-demo with -addr %s: expected a loopback address such as 127.0.0.1:8080, since the demo asks nobody for a password", o.addr)
	}
	at, err := new(net.ListenConfig).Listen(ctx, "tcp", o.addr)
	if err != nil {
		return fmt.Errorf("%w; -addr 127.0.0.1:0 takes a free port", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d, err := newDemo(ctx, "http://"+at.Addr().String(), &terminal{out: out, zone: time.Local})
	if err != nil {
		return errors.Join(err, at.Close())
	}
	d.welcome()
	played := make(chan struct{})
	go func() {
		defer close(played)
		d.play(ctx)
	}()
	err = d.serve(ctx, at, d.front)
	stop()
	<-played
	d.shown.text("\nThe demo has ended. Nothing of it is kept.")
	return err
}

// newDemo returns a demo whose streams end with ctx.
func newDemo(ctx context.Context, url string, shown *terminal) (*demo, error) {
	folder, err := fs.Sub(demoCatalog, "demo")
	if err != nil {
		return nil, err
	}
	c, err := catalog.Load(folder)
	if err != nil {
		return nil, err
	}
	for name, person := range c.People {
		person.Zone = shown.zone // the terminal and the pages show one time
		c.People[name] = person
	}
	key, kept, log := make([]byte, 32), memory.New(), slog.New(shown)
	_, _ = rand.Read(key) // it never fails
	bell, err := tocsin.New(&tocsin.Config{
		Service: "demo", Catalog: c, Store: kept, Logger: log, PublicURL: url, LinkKeys: [][]byte{key},
		Notifiers: map[string]notify.Notifier{"push": shown, "phone": shown, "chat": shown},
		Actions:   map[string]automate.Action{"roll-back": shown.action("checkout 2.13.4 is back in all regions"), "error-ratio": shown.action("0.002 of payments fail, below 0.01")},
	})
	if err != nil {
		return nil, err
	}
	duty, err := bell.OnCall(visitorTeam, time.Now())
	if err != nil {
		return nil, err
	}
	d := &demo{hub: &hub{bell: bell, log: log, token: rand.Text()}, catalog: c, kept: kept, shown: shown, url: url, me: duty.People[0]}
	shown.me = string(d.me)
	everybody := strings.Join(d.people(), ",")
	d.login, err = newLogin(c, d.token, func(name string) string {
		return map[string]string{"HUB_PROXY_HEADER": visitorHeader, "HUB_OPERATORS": everybody}[name]
	})
	if err != nil {
		return nil, err
	}
	d.front = d.handler(ctx)
	return d, nil
}

// people returns the names of all people.
func (d *demo) people() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(d.catalog.People)) {
		names = append(names, string(name))
	}
	return names
}

// welcome says where to look, and what to try.
func (d *demo) welcome() {
	d.shown.text(fmt.Sprintf(`
A shop with %d services and %d teams, played on the real engine. Its clock is yours; it only waits less: a level 20 or 30 seconds,
where yours would wait 5 or 10 minutes. A day takes 6 minutes, then the next begins.

  Look at  %[3]s/
           You are %[4]s, who is on call for %[5]s. No password. %[3]s/as/fay makes you fay.
  A wall   %[3]s/?wall=1

Try this:
  1. In 8 seconds "Payments fail in eu", and %[4]s is paged. Press Acknowledge there, or open the link that stands below the page here.
     If you do not, %[6]s is paged after 20 seconds more, and takes it after a minute.
  2. Open the incident: why it is a P1, who was asked when, what was deployed before it. Approve the runbook.
  3. After 3.5 minutes nine services fail at once. What do they all need?
  4. Alerts: what paged nobody, and why. Messages: a page that failed. History: what has ended.

Here you see all pages, what %[4]s and the room #incidents are told, and what the others do. Everybody is an operator here. Nothing leaves this machine, nothing is kept.
Ctrl-C ends it.
`, len(d.catalog.Services), len(d.catalog.Teams), d.url, d.me, visitorTeam, d.catalog.Teams[visitorTeam].Lead))
}

// handler is the proxy of the hub: it says who a visitor is. Streams end with ctx.
func (d *demo) handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/intake/heartbeat/", intake.Heartbeat(d.bell, &intake.Endpoint{Name: "heartbeat", Bearer: intake.Secrets{d.token}, Logger: d.log}))
	mux.HandleFunc("GET /as/{person}", d.become)
	mux.Handle("/", d.hub.handler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil || !isLoopback(host) { // a page elsewhere whose name leads here
			http.Error(w, "expected "+d.url, http.StatusMisdirectedRequest)
			return
		}
		r.Header.Set(visitorHeader, string(d.me))
		if c, err := r.Cookie(visitorCookie); err == nil {
			r.Header.Set(visitorHeader, c.Value)
		}
		within, stop := context.WithCancel(r.Context())
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		mux.ServeHTTP(w, r.WithContext(within))
	})
}

// become makes the visitor somebody else.
func (d *demo) become(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("person")
	if !slices.Contains(d.people(), name) {
		http.Error(w, "expected one of "+strings.Join(d.people(), ", "), http.StatusNotFound)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: visitorCookie, Value: name, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
