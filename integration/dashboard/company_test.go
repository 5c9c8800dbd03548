package dashboard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// company is a shop with a dashboard, whose past can be told.
type company struct {
	testing.TB
	kept  *kept
	bell  *tocsin.Engine
	users map[string]*httptest.Server // the dashboard as each user sees it
	down  atomic.Bool                 // the servers answer nothing
	mute  atomic.Bool                 // the pager refuses every message
	stop  func()                      // ends the run of the engine
	plan  func(*catalog.Catalog)      // what the catalog says besides; nil: nothing
}

// kept is a store whose clock can be behind, and which can be away.
type kept struct {
	store.Store
	behind atomic.Int64
	away   atomic.Bool
}

var errAway = errors.New("dial tcp 192.0.2.7:5432: connection refused")

func (k *kept) Ahead(context.Context) (time.Duration, error) {
	return -time.Duration(k.behind.Load()), nil
}

func (k *kept) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	if k.away.Load() {
		return nil, errAway
	}
	return k.Store.Read(ctx, q)
}

func (k *kept) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	if k.away.Load() {
		return errAway
	}
	return k.Store.Update(ctx, sc, decide)
}

func (k *kept) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if k.away.Load() {
		return store.Claimed{}, errAway
	}
	return k.Store.Claim(ctx, r)
}

var (
	pager    = notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })
	silent   = slog.New(slog.NewTextHandler(io.Discard, nil))
	failover = automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
		return automate.Result{Output: "secondary answers in 41 ms"}, nil
	})
)

// intakes are the ways in that people may try out.
var intakes = map[string]func(intake.Submitter) http.Handler{
	"cloudevents": func(to intake.Submitter) http.Handler {
		return intake.CloudEvents(to, &intake.Endpoint{Name: "cloudevents", Bearer: intake.Secrets{"secret"}})
	},
}

func newCompany(t testing.TB) *company {
	return &company{TB: t, kept: &kept{Store: memory.New()}, users: map[string]*httptest.Server{}}
}

func (c *company) engine() *tocsin.Engine {
	what := decided()
	if c.plan != nil {
		c.plan(what)
	}
	channel := notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
		if c.mute.Load() {
			return notify.Receipt{}, notify.Permanent(errors.New("the number is not in service"))
		}
		return pager(ctx, m)
	})
	bell, err := tocsin.New(&tocsin.Config{
		Service: "prometheus-eu", Catalog: what, Store: c.kept, Notifiers: map[string]notify.Notifier{"push": channel, "phone": channel}, Logger: silent,
		PublicURL: "https://bell.example", LinkKeys: [][]byte{bytes.Repeat([]byte("k"), 32)},
		Actions: map[string]automate.Action{"check": failover, "failover": failover},
	})
	require.NoError(c, err)
	return bell
}

// then lets something happen some time ago.
func (c *company) then(ago time.Duration, happens func(*tocsin.Engine)) {
	c.kept.behind.Store(int64(ago))
	bell := c.engine()
	ctx, stop := context.WithCancel(c.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	happens(bell)
	time.Sleep(300 * time.Millisecond) // the messages leave
	stop()
	require.NoError(c, <-done)
}

// now opens the dashboard to a user of each name. A name that begins with a colon is that of a screen.
func (c *company) now(users ...string) {
	c.kept.behind.Store(0)
	c.bell = c.engine()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.bell.Run(ctx) }()
	c.stop = stop
	for _, user := range users {
		viewer := respond.Viewer{Person: escalate.PersonID(user), Grants: []string{"operator", "approve"}}
		if user[0] == ':' {
			viewer = respond.Viewer{Machine: user[1:]}
		}
		board := status.Dashboard(c.bell, &status.Config{Logger: silent, Intakes: intakes, Who: func(*http.Request) (respond.Viewer, bool) { return viewer, true }})
		c.users[user] = httptest.NewServer(http.StripPrefix("/status", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.down.Load() {
				panic(http.ErrAbortHandler)
			}
			board.ServeHTTP(w, r)
		})))
	}
	c.Cleanup(func() {
		for _, s := range c.users {
			s.CloseClientConnections()
			s.Close()
		}
		stop()
		<-done
	})
	time.Sleep(500 * time.Millisecond)
}

func (c *company) url(user, path string) string { return c.users[user].URL + "/status" + path }

func fire(bell *tocsin.Engine, t testing.TB, class, subject, summary string) {
	require.NoError(t, bell.Submit(context.Background(), event.Event{Type: class, Subject: subject, Summary: summary}))
}

func end(bell *tocsin.Engine, t testing.TB, class, subject string) {
	require.NoError(t, bell.Submit(context.Background(), event.Event{Type: class, Subject: subject, Signal: event.Resolve}))
}

// id returns the incident with a title.
func id(bell *tocsin.Engine, t testing.TB, title string) string {
	all, err := bell.Incidents(context.Background(), tocsin.Query{})
	require.NoError(t, err)
	for _, i := range all {
		if i.Title == title {
			return i.ID
		}
	}
	t.Fatalf("there is no incident %q", title)
	return ""
}

func acknowledge(bell *tocsin.Engine, t testing.TB, by, title string) {
	require.NoError(t, bell.Do(context.Background(), respond.Acknowledge{Incident: id(bell, t, title), By: escalate.PersonID(by), Via: "push"}))
}

// decided is the catalog of the shop.
func decided() *catalog.Catalog {
	monday := time.Now().UTC().Truncate(24 * time.Hour).Add(9 * time.Hour)
	for monday.Weekday() != time.Monday || monday.After(time.Now()) {
		monday = monday.Add(-24 * time.Hour)
	}
	monday = monday.Add(-4 * 7 * 24 * time.Hour) // an even number of weeks ago: the first is on call
	week := func(from time.Time, people ...escalate.PersonID) escalate.Schedule {
		return &oncall.Schedule{Rotations: []oncall.Rotation{{Start: from, People: people}}}
	}
	c := &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "platform", Plan: "standard"},
		People:   map[escalate.PersonID]catalog.Person{}, Teams: map[string]catalog.Team{}, Services: map[string]catalog.Service{},
		Schedules: map[string]escalate.Schedule{
			"payments": week(monday, "ana", "ben"), "platform": week(monday.Add(-4*24*time.Hour-time.Hour), "cho", "ana"),
			"discovery": week(monday, "dee", "cho"), "shop": week(monday.Add(-3*24*time.Hour), "dee", "ben"),
		},
		Plans: map[string]catalog.Plan{"standard": {Policy: "standard", Group: catalog.Grouping{By: []string{"class", "subject"}}}},
		Policies: map[string]escalate.Policy{"standard": {Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 6 * time.Minute},
			{Page: []escalate.Target{"owner.lead"}, Wait: 6 * time.Minute},
			{Page: []escalate.Target{"person:dee"}, Wait: 10 * time.Minute},
		}}},
		Runbooks: map[string]automate.Runbook{"fail over the card gateway": {
			Owner: "payments", When: `event.type == "shop.checkout"`, Mode: automate.Approve,
			Steps: []automate.Step{{Do: "check", BeforePage: true}, {Do: "failover"}, {Ask: "Watch the error ratio for 5 min. Is it below 0.01?"}},
		}},
	}
	for _, p := range []escalate.PersonID{"ana", "ben", "cho", "dee"} {
		c.People[p] = catalog.Person{Contacts: []escalate.Contact{escalate.Contact("push:" + p), escalate.Contact("phone:" + p)}}
	}
	for team, lead := range map[string]escalate.PersonID{"payments": "ben", "platform": "ana", "discovery": "cho", "shop": "ben"} {
		c.Teams[team] = catalog.Team{Members: []escalate.PersonID{"ana", "ben", "cho", "dee"}, Schedule: team, Lead: lead}
	}
	for name, s := range map[string]catalog.Service{
		"checkout": {Owner: "payments", Tier: 1, Needs: []string{"db-primary", "accounts"}}, "ledger": {Owner: "payments", Tier: 1, Needs: []string{"db-primary"}},
		"search": {Owner: "discovery", Tier: 1}, "db-primary": {Owner: "platform", Tier: 1}, "accounts": {Owner: "shop", Tier: 2, Needs: []string{"db-primary"}},
		"basket": {Owner: "shop", Tier: 2, Needs: []string{"db-primary"}}, "orders": {Owner: "shop", Tier: 2, Needs: []string{"db-primary"}}, "media": {Owner: "discovery", Tier: 3},
		"hub": {Owner: "platform", Tier: 2, Needs: []string{"db-primary"}}, "mail": {Owner: "platform", Tier: 3}, "gifts": {Owner: "shop", Tier: 3, Needs: []string{"basket"}}, "reports": {Owner: "platform", Tier: 3},
	} {
		c.Services[name] = s
		c.Classes = append(c.Classes, event.Class{Name: "shop." + name, Service: name, Severity: severity.Critical, Runbook: "https://wiki.example/" + name})
	}
	c.Capabilities = map[string]catalog.Capability{
		"buying": {Title: "Buying", Services: []string{"checkout", "basket"}, Owner: "shop"}, "finding": {Title: "Finding", Services: []string{"search", "media"}},
		"accounting": {Title: "Accounting", Services: []string{"ledger", "reports"}},
	}
	return c
}

// unheld is 14:05: nobody has the checkout.
func (c *company) unheld() {
	c.quiet()
	c.then(17*time.Minute, func(b *tocsin.Engine) { fire(b, c, "shop.basket", "eu", "Baskets are saved slowly") })
	c.then(15*time.Minute, func(b *tocsin.Engine) {
		fire(b, c, "shop.reports", "nightly", "Reports wait in the queue")
		acknowledge(b, c, "cho", "Baskets are saved slowly")
	})
	c.then(5*time.Minute, func(b *tocsin.Engine) { end(b, c, "shop.reports", "nightly") })
	c.then(4*time.Minute+20*time.Second, func(b *tocsin.Engine) { fire(b, c, "shop.checkout", "eu", "Checkout is down") })
}

// quiet is a day on which one thing happened, long ago.
func (c *company) quiet() {
	c.then(19*time.Hour, func(b *tocsin.Engine) { fire(b, c, "shop.search", "p95", "Search answers slowly") })
	c.then(19*time.Hour-4*time.Minute, func(b *tocsin.Engine) { acknowledge(b, c, "dee", "Search answers slowly") })
	c.then(18*time.Hour+50*time.Minute, func(b *tocsin.Engine) { end(b, c, "shop.search", "p95") })
	c.then(18*time.Hour+30*time.Minute, func(b *tocsin.Engine) {
		require.NoError(c, b.Do(context.Background(), respond.Resolve{Incident: id(b, c, "Search answers slowly"), By: "dee"}))
	})
}

// storm is a database that takes 40 others with it.
func (c *company) storm() {
	names := []string{"basket", "orders", "accounts", "hub", "ledger"}
	texts := []string{"Baskets are not saved", "Orders are not confirmed", "Sign-in fails for 1 in 5", "Partners get errors", "Bookings wait"}
	c.then(6*time.Minute, func(b *tocsin.Engine) { fire(b, c, "shop.db-primary", "writes", "db-primary accepts no writes") })
	c.then(5*time.Minute, func(b *tocsin.Engine) {
		for k := range 38 {
			fire(b, c, "shop."+names[k%5], fmt.Sprintf("shard %d", k), fmt.Sprintf("%s on shard %d", texts[k%5], k))
		}
		fire(b, c, "shop.checkout", "eu", "Checkout is down")
		acknowledge(b, c, "cho", "db-primary accepts no writes")
		all, err := b.Incidents(context.Background(), tocsin.Query{Limit: 100})
		require.NoError(c, err)
		for _, i := range all {
			if i.Title != "Checkout is down" && i.Title != "Bookings wait on shard 4" && len(i.Escalation.Acks) == 0 {
				require.NoError(c, b.Do(context.Background(), respond.Acknowledge{Incident: i.ID, By: "cho", Via: "push"}))
			}
		}
	})
}

// held is a time at which everything is in hand.
func (c *company) held() {
	c.unheld()
	c.then(90*time.Second, func(b *tocsin.Engine) { acknowledge(b, c, "ben", "Checkout is down") })
}

// watched is a time at which what was wrong has recovered.
func (c *company) watched() {
	c.then(20*time.Minute, func(b *tocsin.Engine) { fire(b, c, "shop.search", "p95", "Search answers slowly") })
	c.then(18*time.Minute, func(b *tocsin.Engine) { acknowledge(b, c, "dee", "Search answers slowly") })
	c.then(4*time.Minute, func(b *tocsin.Engine) { end(b, c, "shop.search", "p95") })
}

// lost is a time after a page that nobody got.
func (c *company) lost() {
	c.mute.Store(true)
	c.then(25*time.Minute, func(b *tocsin.Engine) { fire(b, c, "shop.search", "p95", "Search answers slowly") })
	c.mute.Store(false)
	c.then(20*time.Minute, func(b *tocsin.Engine) { // what was found is an incident too
		all, err := b.Incidents(context.Background(), tocsin.Query{})
		require.NoError(c, err)
		for _, i := range all {
			require.NoError(c, b.Do(context.Background(), respond.Acknowledge{Incident: i.ID, By: "cho", Via: "push"}))
		}
	})
}

// gap is a time at which nobody is on call for a team.
func (c *company) gap() {
	c.plan = func(what *catalog.Catalog) {
		what.Schedules["shop"] = &oncall.Schedule{Rotations: []oncall.Rotation{{Start: time.Now().Add(20 * time.Hour).UTC().Truncate(time.Hour), People: []escalate.PersonID{"dee"}}}}
	}
}

// crowded is a time at which 10,000 incidents are open besides the checkout.
func (c *company) crowded() {
	c.then(3*time.Minute, func(b *tocsin.Engine) {
		for from := 0; from < 10_000; from += 500 {
			batch := make([]event.Event, 500)
			for k := range batch {
				batch[k] = event.Event{Type: "shop.media", Subject: fmt.Sprintf("shard %d", from+k), Summary: fmt.Sprintf("Pictures of shard %d are late", from+k)}
			}
			require.NoError(c, b.Submit(context.Background(), batch...))
		}
		fire(b, c, "shop.checkout", "eu", "Checkout is down")
	})
}
