// Command quickstart shows the life of one alert on the local machine. The alert comes in over HTTP. A runbook restarts the
// broken instance. A page goes to a receiver that checks its signature. The incident escalates, is acknowledged, repeats, is
// resolved and ends with an all-clear. A second alert on the same instance causes no second restart, because the runbook has a
// limit of one restart an hour.
//
// The state is in a temporary SQLite file, or in the file of -db. With -serve the intake keeps running, and the program prints
// a command to try it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

func main() {
	serve := flag.Bool("serve", false, "keep the intake up afterwards")
	db := flag.String("db", "", "keep the SQLite file here; it must not be there yet")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *db, *serve); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run plays the story and checks every step.
func run(ctx context.Context, out io.Writer, db string, serve bool) error {
	began := time.Now()
	kept, forget, err := open(db)
	if err != nil {
		return err
	}
	defer forget()
	defer kept.Close()
	pager, err := newReceiver()
	if err != nil {
		return err
	}
	defer pager.Close()
	fix := &restart{}
	bell, err := tocsin.New(&tocsin.Config{
		Service: "quickstart", Catalog: checkoutCatalog(), Store: kept, Actions: map[string]automate.Action{"restart": fix},
		Notifiers: map[string]notify.Notifier{"pager": &webhook.Notifier{
			URL: notify.NewSecret(pager.url), Secret: notify.NewSecret(secret),
			Client: &http.Client{}, // the default client refuses loopback addresses
		}},
	})
	if err != nil {
		return err
	}
	front, err := listen(intake.Alertmanager(bell, &intake.Endpoint{Name: "prod", Open: true}))
	if err != nil {
		return err
	}
	defer front.Close()

	engine, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- bell.Run(engine) }()
	defer func() { stop(); <-done }()

	s := &story{ctx: ctx, bell: bell, pager: pager, fix: fix, url: front.url, began: began}
	if err := s.play(); err != nil {
		return err
	}
	if err := s.print(out, began); err != nil {
		return err
	}
	if !serve {
		return nil
	}
	fmt.Fprintf(out, "\nthe intake is up; try\n\n  curl -i -H 'Content-Type: application/json' -d '%s' %s\n\nand end with ctrl-c\n",
		notice(time.Now(), "another"), front.url)
	<-ctx.Done()
	return nil
}

// open opens the file, or a temporary file that forget removes.
func open(path string) (kept *sqlite.Store, forget func(), err error) {
	forget = func() {}
	if path == "" {
		dir, err := os.MkdirTemp("", "quickstart-")
		if err != nil {
			return nil, nil, err
		}
		path, forget = filepath.Join(dir, "tocsin.db"), func() { _ = os.RemoveAll(dir) }
	} else if _, err := os.Stat(path); err == nil {
		return nil, nil, fmt.Errorf("%s is there already, expected a path for a new file", path)
	}
	kept, err = sqlite.Open(path)
	if err != nil {
		forget()
	}
	return kept, forget, err
}

// story holds the state of the demonstration.
type story struct {
	ctx      context.Context
	bell     *tocsin.Engine
	pager    *receiver
	fix      *restart
	url      string
	began    time.Time
	incident string
	other    string // incident id of the second alert
}

// restart is an action that pretends to restart an instance.
type restart struct{ calls []automate.Invocation }

// Run records the call. The runbook allows one run at a time, so no lock is needed.
func (r *restart) Run(_ context.Context, in automate.Invocation) (automate.Result, error) {
	r.calls = append(r.calls, in)
	return automate.Result{Output: "restarted " + in.Subject}, nil
}

const traceID = "0af7651916cd43dd8448eb211c80319c"

func (s *story) play() error {
	if err := s.post(notice(s.began, "95 of 100 requests fail")); err != nil {
		return err
	}
	page, err := s.pager.next(s.ctx, notify.Page, "ana")
	if err != nil {
		return err
	}
	s.incident = page.Incident
	if !strings.Contains(page.TraceParent, traceID) {
		return fmt.Errorf("the page carries trace %q, expected %s", page.TraceParent, traceID)
	}
	if _, err := s.pager.next(s.ctx, notify.Page, "ben"); err != nil { // escalated: nobody acknowledged
		return err
	}
	if err := s.settled(s.incident); err != nil {
		return err
	}
	if err := s.bell.Do(s.ctx, respond.Acknowledge{Incident: s.incident, By: "ben", Via: "pager"}); err != nil {
		return err
	}
	if err := s.post(notice(s.began, "99 of 100 requests fail")); err != nil { // counted, not paged
		return err
	}
	if err := s.second(); err != nil {
		return err
	}
	if err := s.bell.Do(s.ctx, respond.Resolve{Incident: s.incident, By: "ben", Alerts: true}); err != nil {
		return err
	}
	for _, who := range []string{"ana", "ben"} {
		if _, err := s.pager.next(s.ctx, notify.AllClear, who); err != nil {
			return err
		}
	}
	return s.settled(s.incident)
}

// second sends another alert on the same instance. It pages, but causes no second restart.
func (s *story) second() error {
	if err := s.post(slowNotice(s.began)); err != nil {
		return err
	}
	page, err := s.pager.next(s.ctx, notify.Page, "ana")
	if err != nil {
		return err
	}
	s.other = page.Incident
	if err := s.settled(s.other); err != nil {
		return err
	}
	if err := s.bell.Do(s.ctx, respond.Acknowledge{Incident: s.other, By: "ana", Via: "pager"}); err != nil {
		return err
	}
	if err := s.bell.Do(s.ctx, respond.Resolve{Incident: s.other, By: "ana", Alerts: true}); err != nil {
		return err
	}
	_, err = s.pager.next(s.ctx, notify.AllClear, "ana")
	return err
}

// settled waits until the timeline shows the outcome of every message.
func (s *story) settled(incident string) error {
	for {
		inc, err := s.bell.Incident(s.ctx, incident)
		if err != nil || len(inc.Pending) == 0 {
			return err
		}
		select {
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// post sends a notice in the form of Alertmanager, with a traceparent.
func (s *story) post(body string) error {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Traceparent", "00-"+traceID+"-b7ad6b7169203331-01")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("the intake answered %s: %s", resp.Status, text)
	}
	return nil
}

// print prints both timelines, one line for each entry.
func (s *story) print(out io.Writer, began time.Time) error {
	inc, err := s.bell.Incident(s.ctx, s.incident)
	if err != nil {
		return err
	}
	for _, of := range []struct{ kind, id string }{
		{"alert", "prod/" + resolvedFingerprint}, {"incident", s.incident}, {"incident", s.other},
	} {
		entries, err := s.bell.Timeline(s.ctx, of.id)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return fmt.Errorf("%s %s has no timeline", of.kind, of.id)
		}
		fmt.Fprintln(out, of.kind, of.id)
		for i := range entries {
			fmt.Fprintln(out, "  "+entries[i].Line(inc.Detected))
		}
	}
	if inc.Phase != incident.Resolved || !strings.Contains(inc.TraceParent, traceID) {
		return fmt.Errorf("the incident is %s with trace %q, expected it resolved with trace %s", inc.Phase, inc.TraceParent, traceID)
	}
	if n := len(s.fix.calls); n != 1 || !strings.Contains(s.fix.calls[0].TraceParent, traceID) {
		return fmt.Errorf("%d restarts %+v, expected one with trace %s", n, s.fix.calls, traceID)
	}
	fmt.Fprintf(out, "1 restart of %s; trace %s in intake, decision, page and action\n", s.fix.calls[0].Subject, traceID)
	fmt.Fprintf(out, "%d signed messages received in %.1f s\n", s.pager.count(), time.Since(began).Seconds())
	return nil
}

// server is an HTTP server on a free loopback port.
type server struct {
	*http.Server
	url string
}

func listen(h http.Handler) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{Server: &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}, url: "http://" + l.Addr().String() + "/"}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "quickstart:", err)
		}
	}()
	return s, nil
}
