package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestRaceStress calls every method of an engine and every command from many goroutines, while Run stops and starts, the store
// fails, and plug-ins fail, hang and panic. It is for the race detector. It lasts two seconds; with TOCSIN_LONG=1 it lasts one
// minute, and on until 300,000 calls were made. Each engine lives for 4,000 calls, since calls on a full store take longer.
func TestRaceStress(t *testing.T) {
	lasts, least := 2*time.Second, 0
	if os.Getenv("TOCSIN_LONG") == "1" {
		lasts, least = time.Minute, 300_000
	}
	began, made, lives, total := time.Now(), map[string]int{}, 0, 0
	for ; time.Since(began) < lasts || total < least || len(missing(made)) > 0 && lives < 1000; lives++ {
		for name, n := range stress(t, uint64(lives)) {
			made[name] += n
			total += n
		}
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		t.Logf("%8d %s", made[name], name)
	}
	t.Logf("%8d calls, %d engines, %v", total, lives, time.Since(began).Round(time.Millisecond))
	assert.Empty(t, missing(made), "no such call was made")
}

// missing lists the methods and commands that were not called.
func missing(made map[string]int) (list []string) {
	for name := range calls {
		if made[name] == 0 {
			list = append(list, name)
		}
	}
	return list
}

// TestRaceStressIsComplete: no method of an engine and no command is left out of the calls.
func TestRaceStressIsComplete(t *testing.T) {
	var want []string
	for m := range reflect.TypeFor[*tocsin.Engine]().Methods() {
		if m.Name != "Do" { // with each command instead
			want = append(want, m.Name)
		}
	}
	sources, err := os.ReadDir("respond")
	require.NoError(t, err)
	command := regexp.MustCompile(`(?m)^func \(\w+ (\w+)\) Head\(\) Head`)
	for _, source := range sources {
		if strings.HasSuffix(source.Name(), ".go") {
			text, err := os.ReadFile("respond/" + source.Name())
			require.NoError(t, err)
			for _, match := range command.FindAllSubmatch(text, -1) {
				want = append(want, "Do "+string(match[1]))
			}
		}
	}
	assert.ElementsMatch(t, want, slices.Collect(maps.Keys(calls)))
}

// caller is a goroutine that calls an engine. Callers share nothing but the engine: what they shared would order their calls,
// and hide races.
type caller struct {
	*rand.Rand
	*tocsin.Engine
	ctx       context.Context
	incidents []incident.Incident
	letter    notify.Message // a dead letter
	made      map[string]int
}

// call is one way to use an engine, and how often it is taken.
type call struct {
	weight int
	do     func(*caller) error
}

// calls are the calls by method, and of Do by command.
var calls = map[string]call{
	"Run": {1, func(c *caller) error { // nearly always the second at the same time
		ctx, cancel := context.WithTimeout(c.ctx, 5*time.Millisecond)
		defer cancel()
		return c.Run(ctx)
	}},
	"Submit": {600, func(c *caller) error {
		events := make([]event.Event, 1+c.IntN(3))
		for i := range events {
			events[i] = c.event()
		}
		return c.Submit(c.ctx, events...)
	}},
	"Unreadable": {1, func(c *caller) error {
		_, err := c.Unreadable(c.ctx, "")
		return err
	}},
	"Watch": {20, func(c *caller) error { // at most three changes
		n := 0
		ctx, cancel := context.WithTimeout(c.ctx, 5*time.Millisecond)
		defer cancel()
		for range c.Watch(ctx) {
			if n++; n == 3 {
				break
			}
		}
		return nil
	}},
	"Offer": {400, func(c *caller) error { c.Offer(c.event()); return nil }},
	"Incidents": {200, func(c *caller) (err error) {
		c.incidents, err = c.Engine.Incidents(c.ctx, tocsin.Query{
			Limit: 1 + c.IntN(10), Phase: pick(c, "", incident.Active, incident.Resolved), Text: pick(c, "", "orders"),
		})
		if err == nil && c.IntN(2) == 0 {
			_, err = c.Engine.Incidents(c.ctx, tocsin.Query{Open: true, Limit: 3, After: c.one().ID})
		}
		return err
	}},
	"Incident": {3000, func(c *caller) error { _, err := c.Incident(c.ctx, c.one().ID); return err }},
	"Page": {5, func(c *caller) error {
		_, err := c.Page(c.ctx, "")
		return err
	}},
	"Changes": {20, func(c *caller) error {
		_, err := c.Changes(c.ctx, "", pick(c, "checkout", "none"))
		return err
	}},
	"Alerts": {50, func(c *caller) error {
		_, err := c.Alerts(c.ctx, tocsin.AlertQuery{Limit: 3, State: pick(c, "", "firing"), Promoted: pick(c, nil, new(false)), Incident: pick(c, "", c.one().ID)})
		return err
	}},
	"Ledger": {20, func(c *caller) error {
		_, err := c.Ledger(c.ctx, tocsin.LedgerQuery{Person: pick(c, "", c.by()), Incident: pick(c, "", c.one().ID), Limit: 1 + c.IntN(5)})
		if errors.As(err, new(*tocsin.MoreError)) {
			return nil
		}
		return err
	}},
	"Timeline":   {300, func(c *caller) error { _, err := c.Timeline(c.ctx, c.one().ID); return err }},
	"Explain":    {50, func(c *caller) error { _, err := c.Explain(c.ctx, c.one().ID); return err }},
	"Heard":      {500, func(c *caller) error { c.Heard(pick(c, "", "a")); return nil }},
	"Health":     {3000, func(c *caller) error { return c.Health(c.ctx) }},
	"OnCall":     {500, func(c *caller) error { _, err := c.OnCall(pick(c, "payments", "x"), time.Now()); return err }},
	"SeverityOf": {3000, func(c *caller) error { c.SeverityOf("app", "warning"); return nil }},
	"Catalog":    {1500, func(c *caller) error { c.Catalog().Source(); return nil }},
	"Known":      {1500, func(c *caller) error { c.Known(c.by()); return nil }},
	"Reload":     {5, func(c *caller) error { return c.Reload(pick(c, stressed(), stressed(), &catalog.Catalog{}, nil)) }},
	"SendTest": {20, func(c *caller) error {
		return c.SendTest(c.ctx, pick[escalate.Contact](c, "slack:@ana", "sms:1", "sms:none"))
	}},
	"DeadLetters": {10, func(c *caller) error { return c.letters() }},
	"Erase":       {1, func(c *caller) error { _, err := c.Erase(c.ctx, "", c.by(), "wait"); return err }},

	"Would": {50, func(c *caller) error { _, err := c.Would(c.ctx, c.event(), c.event()); return err }},
	"Link": {300, func(c *caller) error {
		_, err := c.Link(c.ctx, acklink.New(bellURL, [][]byte{linkKey}).Token(acklink.Claims{
			Incident: c.one().ID, Person: string(c.by()), Made: time.Now(), Until: time.Now().Add(time.Hour),
		}))
		return err
	}},
	"Subscribe": {50, func(c *caller) error {
		return c.Subscribe(c.ctx, tocsin.Subscription{List: pick(c, "customers", "x"), Mail: string(c.by()) + "@shop.example"})
	}},
	"Confirm": {50, func(c *caller) error {
		_, err := c.Engine.Confirm(c.ctx, subscriberLinks().confirm)
		return err
	}},
	"Unsubscribe": {50, func(c *caller) error { return c.Engine.Unsubscribe(c.ctx, subscriberLinks().leave) }},
	"Subscribers": {10, func(c *caller) error {
		for _, err := range c.Engine.Subscribers(c.ctx, "", "") {
			if err != nil {
				return err
			}
		}
		return nil
	}},
	"HasLinks": {1500, func(c *caller) error { c.HasLinks(); return nil }},
	"Share": {300, func(c *caller) error {
		_, err := c.Engine.Share(c.ctx, respond.Viewer{Person: c.by()}, "", pick(c, "buying", "x"), time.Hour)
		return err
	}},
	"Shared": {300, func(c *caller) error {
		_, err := c.Shared(c.ctx, acklink.New(bellURL, [][]byte{linkKey}).ShareToken(acklink.Share{Capability: "buying", Until: time.Now().Add(time.Hour)}))
		return err
	}},
	"DoAs": {100, func(c *caller) error {
		viewer := respond.Viewer{Person: c.by(), Tenants: pick(c, nil, []string{"a"}), Grants: pick(c, nil, []string{respond.GrantOperator})}
		return c.DoAs(c.ctx, viewer, pick[respond.Command](
			c, respond.Acknowledge{Incident: c.one().ID}, respond.Reprioritise{Incident: c.one().ID, Because: "x"}, respond.KillSwitch{Because: "x"},
		))
	}},

	"Do Acknowledge":   {100, func(c *caller) error { return c.Do(c.ctx, respond.Acknowledge{Incident: c.one().ID, By: c.by()}) }},
	"Do Unacknowledge": {50, func(c *caller) error { return c.Do(c.ctx, respond.Unacknowledge{Incident: c.one().ID, By: c.by()}) }},
	"Do Escalate": {100, func(c *caller) error {
		inc := c.one()
		return c.Do(c.ctx, respond.Escalate{Incident: inc.ID, By: c.by(), AsOf: inc.Escalation.Position})
	}},
	"Do Resolve": {100, func(c *caller) error {
		return c.Do(c.ctx, respond.Resolve{Incident: c.one().ID, By: c.by(), Alerts: true, Override: pick(c, "", "by hand")})
	}},
	"Do Reprioritise": {50, func(c *caller) error {
		return c.Do(c.ctx, respond.Reprioritise{Incident: c.one().ID, By: c.by(), Priority: severity.Priority(c.IntN(6)), Because: "x"})
	}},
	"Do Assess": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Assess{Incident: c.one().ID, By: c.by(), Impact: severity.Impacts{severity.Money: severity.Grade(1 + c.IntN(3))}, Because: "x"})
	}},
	"Do Declare": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Declare{Title: pick(c, "prices", "orders"), By: c.by(), ID: pick(c, "", "a")})
	}},
	"Do Accept": {20, func(c *caller) error { return c.Do(c.ctx, respond.Accept{Incident: c.one().ID, By: c.by()}) }},
	"Do Decline": {10, func(c *caller) error {
		return c.Do(c.ctx, respond.Decline{Incident: c.one().ID, By: c.by(), Because: "x"})
	}},
	"Do Cancel": {10, func(c *caller) error {
		return c.Do(c.ctx, respond.Cancel{Incident: c.one().ID, By: c.by(), Because: "x"})
	}},
	"Do Proceed": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Proceed{Incident: c.one().ID, By: c.by(), Step: pick(c, incident.Identified, incident.Mitigating)})
	}},
	"Do Mitigate": {20, func(c *caller) error { return c.Do(c.ctx, respond.Mitigate{Incident: c.one().ID, By: c.by()}) }},
	"Do Reopen": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Reopen{Incident: c.one().ID, By: c.by(), Because: "x"})
	}},
	"Do Close": {20, func(c *caller) error { return c.Do(c.ctx, respond.Close{Incident: c.one().ID, By: c.by()}) }},
	"Do Amend": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Amend{Incident: c.one().ID, By: c.by(), Moment: incident.ImpactStarted, To: time.Now().Add(-time.Hour), Because: "x"})
	}},
	"Do Page": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Page{Incident: c.one().ID, By: c.by(), Target: pick[escalate.Target](c, "person:ben", "owner", "team:x"), Because: "x"})
	}},
	"Do Note": {50, func(c *caller) error { return c.Do(c.ctx, respond.Note{Incident: c.one().ID, By: c.by(), Text: "x"}) }},
	"Do Assume": {30, func(c *caller) error {
		return c.Do(c.ctx, respond.Assume{Incident: c.one().ID, Role: pick[incident.Role](c, "commander", "expert"), By: c.by()})
	}},
	"Do Renounce": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Renounce{Incident: c.one().ID, Role: incident.Commander, By: c.by()})
	}},
	"Do Offer": {30, func(c *caller) error {
		return c.Do(c.ctx, respond.Offer{Incident: c.one().ID, Role: incident.Commander, By: c.by(), To: "ben"})
	}},
	"Do AcceptRole": {30, func(c *caller) error {
		return c.Do(c.ctx, respond.AcceptRole{Incident: c.one().ID, Role: incident.Commander, By: "ben"})
	}},
	"Do AddTodo": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.AddTodo{Incident: c.one().ID, By: c.by(), Text: "x", Owner: "ben", Due: time.Now().Add(time.Millisecond)})
	}},
	"Do DoneTodo": {20, func(c *caller) error { return c.Do(c.ctx, respond.DoneTodo{Incident: c.one().ID, Todo: 1, By: c.by()}) }},
	"Do AssignTodo": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.AssignTodo{Incident: c.one().ID, Todo: 1, Owner: "ben", By: c.by()})
	}},
	"Do AskDecision": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.AskDecision{Incident: c.one().ID, By: c.by(), Text: "x", Options: []string{"a", "b"}, Decider: "ben"})
	}},
	"Do Decide": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Decide{Incident: c.one().ID, Decision: 1, Option: 1 + c.IntN(2), By: "ben", Because: "x"})
	}},
	"Do SetPrivate": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.SetPrivate{Incident: c.one().ID, Off: c.IntN(2) == 0, By: c.by(), Because: "x"})
	}},
	"Briefing": {20, func(c *caller) error {
		_, err := c.Briefing(c.ctx, c.one().ID)
		return err
	}},
	"Hidden": {20, func(c *caller) error {
		_, err := c.Hidden(c.ctx, respond.Viewer{Person: c.by()}, "")
		return err
	}},
	"Do Resend": {50, func(c *caller) error { return c.Do(c.ctx, respond.Resend{Letter: c.letter, By: c.by()}) }},
	"Do StartRun": {50, func(c *caller) error {
		return c.Do(c.ctx, respond.StartRun{Incident: c.one().ID, Runbook: "mend", By: c.by()})
	}},
	"Do Approve": {50, func(c *caller) error {
		id, run := c.run()
		return c.Do(c.ctx, respond.Approve{Incident: id, Run: run, By: c.by(), Decline: c.IntN(2) == 0, Because: "x"})
	}},
	"Do Answer": {50, func(c *caller) error {
		id, run := c.run()
		return c.Do(c.ctx, respond.Answer{Incident: id, Run: run, Step: 1 + c.IntN(3), By: c.by(), Failed: c.IntN(2) == 0})
	}},
	"Do StopRun": {50, func(c *caller) error {
		id, run := c.run()
		return c.Do(c.ctx, respond.StopRun{Incident: id, Run: run, By: c.by(), Because: "x"})
	}},
	"Do DraftUpdate": {50, func(c *caller) error {
		return c.Do(c.ctx, respond.DraftUpdate{Incident: c.one().ID, By: c.by(), Text: pick(c, "", "ben looks"), Confirm: c.IntN(2) == 0})
	}},
	"Do ApproveUpdate": {50, func(c *caller) error {
		id, update := c.update()
		return c.Do(c.ctx, respond.ApproveUpdate{Incident: id, Update: update, By: c.by(), Decline: c.IntN(4) == 0, Because: "x"})
	}},
	"Do SendUpdate": {50, func(c *caller) error {
		id, update := c.update()
		return c.Do(c.ctx, respond.SendUpdate{Incident: id, Update: pick(c, update, ""), By: c.by(), BreakGlass: c.IntN(2) == 0, Because: "x"})
	}},
	"Do CorrectUpdate": {50, func(c *caller) error {
		id, update := c.update()
		return c.Do(c.ctx, respond.CorrectUpdate{Incident: id, Update: update, By: c.by(), Text: "x", BreakGlass: c.IntN(2) == 0, Because: "x"})
	}},
	"Do RetractUpdate": {50, func(c *caller) error {
		id, update := c.update()
		return c.Do(c.ctx, respond.RetractUpdate{Incident: id, Update: update, By: c.by(), BreakGlass: c.IntN(2) == 0, Because: "x"})
	}},
	"Do KillSwitch": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.KillSwitch{Off: c.IntN(4) > 0, By: c.by(), Because: "x"})
	}},
	"Do Subscribe": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.Subscribe{Subscriber: someID, List: "customers", Channel: comms.Subscribers, Address: "x@shop.example"})
	}},
	"Do ConfirmSubscriber": {20, func(c *caller) error {
		return c.Do(c.ctx, respond.ConfirmSubscriber{Subscriber: someID, Serial: c.Uint64N(3)})
	}},
	"Do Unsubscribe": {20, func(c *caller) error { return c.Do(c.ctx, respond.Unsubscribe{Subscriber: someID}) }},
	"Do SendTest":    {20, func(c *caller) error { return c.Do(c.ctx, respond.SendTest{Contact: "slack:@ana", By: c.by()}) }},
}

// someID is the id of a subscriber, who has the links of subscriberLinks.
const someID = "0123456789abcdef0123456789abcdef"

func subscriberLinks() (of struct{ confirm, leave string }) {
	links, who := acklink.New(bellURL, [][]byte{linkKey}), acklink.Subscriber{ID: someID, Serial: 1, Until: time.Now().Add(time.Hour)}
	links.Subscribers(bellURL, linkKey)
	of.confirm, of.leave = path.Base(links.ConfirmURL(who)), path.Base(links.UnsubscribeURL(who))
	return of
}

func pick[T any](c *caller, from ...T) T { return from[c.IntN(len(from))] }

func (c *caller) by() escalate.PersonID { return pick[escalate.PersonID](c, "ana", "ben") }

func (c *caller) event() event.Event {
	return event.Event{
		Type: fmt.Sprint("pay.", c.IntN(50)), Subject: fmt.Sprint(c.IntN(5)), Severity: severity.Level(c.IntN(7)), Summary: "orders wait",
		Signal: pick(c, event.Trigger, event.Trigger, event.Resolve, event.Acknowledge), Labels: map[string]string{"zone": "a"},
	}
}

// one returns an incident as it was once.
func (c *caller) one() incident.Incident {
	if len(c.incidents) == 0 {
		return incident.Incident{ID: "none"}
	}
	return pick(c, c.incidents...)
}

func (c *caller) run() (id, run string) {
	inc := c.one()
	if len(inc.Runs) == 0 {
		return inc.ID, "none"
	}
	return inc.ID, pick(c, inc.Runs...).ID
}

func (c *caller) update() (id, update string) {
	inc := c.one()
	if inc.Comms == nil || len(inc.Comms.Updates) == 0 {
		return inc.ID, "none"
	}
	return inc.ID, pick(c, inc.Comms.Updates...).ID
}

func (c *caller) letters() error {
	for letter, err := range c.DeadLetters(c.ctx, "") {
		if err != nil {
			return err
		}
		c.letter = letter.Message
	}
	return nil
}

// live makes n calls.
func (c *caller) live(n int) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		names = append(names, slices.Repeat([]string{name}, calls[name].weight)...)
	}
	for range n {
		name := names[c.IntN(len(names))]
		_ = calls[name].do(c) // most refusals and failures are meant
		c.made[name]++
	}
}

// stress runs one engine, and returns how often each call was made.
func stress(t *testing.T, seed uint64) map[string]int {
	const callers, each = 16, 250
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: stressed(), Store: &sulky{memory.New()}, StopWithin: 20 * time.Millisecond,
		Notifiers: map[string]notify.Notifier{"slack": sulkyNotifier, "sms": sulkyNotifier},
		Actions:   map[string]automate.Action{"act": sulkyAction},
		PublicURL: bellURL, LinkKeys: [][]byte{linkKey}, Subscribers: tocsin.Subscribers{Key: linkKey},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var runs sync.WaitGroup
	begun := 0
	runs.Go(func() {
		for ; ctx.Err() == nil; begun++ {
			during, stop := context.WithTimeout(ctx, rand.N(100*time.Millisecond))
			_ = bell.Run(during) // an error says that a caller's Run is under way
			stop()
		}
	})
	var all sync.WaitGroup
	list := make([]*caller, callers)
	for i := range list {
		c := &caller{Rand: rand.New(rand.NewPCG(seed, uint64(i))), Engine: bell, ctx: ctx, made: map[string]int{}}
		list[i] = c
		all.Go(func() { c.live(each) })
	}
	all.Wait()
	cancel()
	runs.Wait()
	made := map[string]int{"Run": begun}
	for _, c := range list {
		for name, n := range c.made {
			made[name] += n
		}
	}
	return made
}

// mood does well mostly. Else it fails, waits, hangs until ctx ends or panics.
func mood(ctx context.Context) error {
	switch n := rand.IntN(40); n {
	case 0:
		panic("in a bad mood")
	case 1:
		<-ctx.Done()
		return ctx.Err()
	case 2, 3:
		time.Sleep(rand.N(5 * time.Millisecond))
	case 4, 5:
		return notify.Permanent(errors.New("no such address"))
	case 6, 7:
		return notify.RetryAfter(errors.New("too many"), time.Millisecond)
	case 8, 9:
		return errors.New("not now")
	}
	return nil
}

var sulkyNotifier = notify.NotifierFunc(func(ctx context.Context, _ notify.Message) (notify.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	return notify.Receipt{}, mood(ctx)
})

var sulkyAction = automate.ActionFunc(func(ctx context.Context, _ automate.Invocation) (automate.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	return automate.Result{Output: "done"}, mood(ctx)
})

// sulky is a store of which one call in 200 fails. An Update then may have taken effect.
type sulky struct{ *memory.Store }

var errMood = errors.New("the store is in a bad mood")

func sulks() bool { return rand.IntN(200) == 0 }

// Update implements store.Store.
func (m *sulky) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	if sulks() {
		return errMood
	}
	err := m.Store.Update(ctx, sc, decide)
	if err == nil && sulks() {
		return fmt.Errorf("%w: %w", store.ErrUnknown, errMood)
	}
	return err
}

// Claim implements store.Store.
func (m *sulky) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if sulks() {
		return store.Claimed{}, errMood
	}
	return m.Store.Claim(ctx, r)
}

// Read implements store.Store.
func (m *sulky) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	if sulks() {
		return nil, errMood
	}
	return m.Store.Read(ctx, q)
}

// stressed is twoLevels with a runbook, and with levels that wait a moment only.
func stressed() *catalog.Catalog {
	c := twoLevels()
	for i := range c.Policies["two"].Levels {
		c.Policies["two"].Levels[i].Wait = time.Second
	}
	c.Runbooks = map[string]automate.Runbook{"mend": {
		Owner: "payments", Mode: automate.Approve, When: `event.type.startsWith("pay.1")`,
		Steps: []automate.Step{{Do: "act", BeforePage: true}, {Ask: "look"}, {Do: "act"}},
	}}
	c.Capabilities = map[string]catalog.Capability{"buying": {Services: slices.Collect(maps.Keys(c.Services))}}
	c.Comms = map[string]catalog.Comms{"customers": {
		Audiences: []string{"chat"}, Approve: "commander", Valid: time.Second,
		First:    map[severity.Priority]time.Duration{severity.P1: time.Second},
		Every:    map[severity.Priority]time.Duration{severity.P1: time.Second},
		Messages: map[comms.Stage]string{comms.Investigating: "We look.", comms.Monitoring: "We watch.", comms.Resolved: "It works."},
	}}
	c.Audiences = map[string]catalog.Audience{"chat": {Channels: []escalate.Contact{"slack:#status"}, Fallback: []escalate.Contact{"sms:2"}}}
	c.Plans["loud"] = catalog.Plan{Policy: "two", Soak: new(3 * time.Minute), Comms: "customers"}
	return c
}
