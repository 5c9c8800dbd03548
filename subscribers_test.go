package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

var lastingKey = []byte("a key of subscribers, 32 bytes long")

// publicCatalog is that of twoLevels, whose incidents are told to the subscribers of a list.
func publicCatalog() *catalog.Catalog {
	c := twoLevels()
	c.Services = map[string]catalog.Service{
		"checkout": {Owner: "payments", Tier: 1, Name: "Checkout", Impaired: "Some payments fail."}, "search-core": {Owner: "payments", Tier: 1, Name: "Search", Impaired: "Search is slow."},
	}
	c.Classes = append(c.Classes, event.Class{Name: "find.*", Service: "search-core", Owner: "payments"})
	for name, p := range c.Plans {
		p.Comms, p.Group = "customers", catalog.Grouping{By: []string{"subject"}}
		c.Plans[name] = p
	}
	c.Audiences = map[string]catalog.Audience{"public": {Channels: []escalate.Contact{"subscribers:customers"}}}
	c.Comms = map[string]catalog.Comms{"customers": {Audiences: []string{"public"}, Messages: map[comms.Stage]string{
		comms.Investigating: "{{.Impaired}}", comms.Identified: "We know why.", comms.Resolved: "It works.",
	}}}
	return c
}

// mailbox takes the mails to subscribers. Each takes as long as it says.
type mailbox struct {
	mu     sync.Mutex
	got    []notify.Message
	takes  time.Duration
	answer func(notify.Message) error
	before func(context.Context, notify.Message) // called before a mail is taken
}

func (b *mailbox) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	if b.before != nil {
		b.before(ctx, m)
	}
	select {
	case <-time.After(b.takes):
	case <-ctx.Done():
		return notify.Receipt{}, ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answer != nil {
		if err := b.answer(m); err != nil {
			return notify.Receipt{}, err
		}
	}
	b.got = append(b.got, m)
	return notify.Receipt{}, nil
}

// to lists the texts of what an address got, without requests to confirm.
func (b *mailbox) to(address string) (texts []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.got {
		if m.To == address && m.Part == core.PartSubscriber {
			texts = append(texts, m.Title+" | "+m.Text)
		}
	}
	return texts
}

// asked returns the tokens of the requests to confirm that an address got.
func (b *mailbox) asked(address string) (tokens []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.got {
		if m.To == address && m.Part == core.PartConfirm {
			tokens = append(tokens, path.Base(m.Links[0].URL))
		}
	}
	return tokens
}

// tokens returns the last message to an address.
func (b *mailbox) last(address string) (m notify.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.got {
		if b.got[i].To == address {
			m = b.got[i]
		}
	}
	return m
}

// club is an engine with subscribers.
type club struct {
	*tocsin.Engine
	t    *testing.T
	kept store.Store
	mail *mailbox
	page *inbox
	stop func()
}

// found begins a club on a store. It must be called inside a bubble.
func found(t *testing.T, kept store.Store, mail *mailbox, change func(*tocsin.Config)) *club {
	c := &club{t: t, kept: kept, mail: mail, page: &inbox{}}
	config := &tocsin.Config{
		Catalog: publicCatalog(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": c.page, "sms": c.page, "subscribers": mail},
		PublicURL: bellURL, LinkKeys: [][]byte{linkKey}, Subscribers: tocsin.Subscribers{Key: lastingKey},
	}
	if change != nil {
		change(config)
	}
	var err error
	c.Engine, err = tocsin.New(config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return c
}

// join subscribes an address and confirms it.
func (c *club) join(address string, f comms.Filter) {
	c.t.Helper()
	require.NoError(c.t, c.Subscribe(c.t.Context(), tocsin.Subscription{List: "customers", Mail: address, Filter: f}))
	settle(time.Second)
	tokens := c.mail.asked(address)
	require.NotEmpty(c.t, tokens)
	_, err := c.Confirm(c.t.Context(), tokens[len(tokens)-1])
	require.NoError(c.t, err)
}

// fail opens an incident about a service in a region, and returns its id.
func (c *club) fail(service, region string) string {
	c.t.Helper()
	class := slow.Name
	if service == "search-core" {
		class = "find.slow"
	}
	require.NoError(c.t, c.Submit(c.t.Context(), event.Event{
		Type: class, Severity: severity.Critical, Subject: service + region, Summary: "x", Labels: map[string]string{"region": region},
	}))
	settle(time.Second)
	incidents, err := c.Incidents(c.t.Context(), tocsin.Query{Open: true})
	require.NoError(c.t, err)
	for _, inc := range incidents {
		if inc.Comms != nil && len(inc.Comms.Updates) == 0 {
			return inc.ID
		}
	}
	c.t.Fatal("no incident opened")
	return ""
}

func (c *club) do(cmd respond.Command) {
	c.t.Helper()
	require.NoError(c.t, c.Do(c.t.Context(), cmd))
	settle(time.Second)
}

func (c *club) tell(id string, stage comms.Stage) {
	c.t.Helper()
	c.do(respond.SendUpdate{Incident: id, By: "ana", Stage: stage, Confirm: true})
}

func (c *club) states() map[string]int {
	all := map[string]int{}
	for s, err := range c.Subscribers(c.t.Context(), "", "customers") {
		require.NoError(c.t, err)
		all[s.State]++
	}
	return all
}

func linkFaultOf(err error) tocsin.LinkFault {
	var bad *tocsin.LinkError
	if errors.As(err, &bad) {
		return bad.Fault
	}
	return ""
}

// TestDoubleOptIn: an address hears of updates only after it has confirmed, by the link of its latest request and within 24 hours.
func TestDoubleOptIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := found(t, memory.New(), &mailbox{}, nil)
		defer c.stop()
		ask := func() {
			require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Mail: "Ana@shop.example"}))
		}
		ask()
		settle(time.Second)
		assert.Equal(t, map[string]int{"pending": 1}, c.states())
		request := c.mail.last("Ana@shop.example")
		assert.Equal(t, "Please confirm that you want updates", request.Title)
		assert.Equal(t, []string{"Confirm", "Never write to this address again"}, []string{request.Links[0].Text, request.Links[1].Text})
		assert.Contains(t, request.Links[0].URL, bellURL+"/confirm/tcn_")
		id := c.fail("checkout", "eu")
		c.tell(id, comms.Investigating)
		assert.Empty(t, c.mail.to("Ana@shop.example"), "it has not confirmed")

		for range 20 {
			ask()
			settle(time.Second)
		}
		tokens := c.mail.asked("Ana@shop.example")
		require.Len(t, tokens, 3, "requests to one address in 24 hours")
		_, err := c.Confirm(t.Context(), tokens[0])
		assert.Equal(t, tocsin.LinkEnded, linkFaultOf(err), "a later request replaced it")
		_, err = c.Confirm(t.Context(), path.Base(request.Links[1].URL))
		assert.Equal(t, tocsin.LinkForeign, linkFaultOf(err), "a link to unsubscribe confirms nothing")
		_, err = c.Link(t.Context(), tokens[2])
		assert.Equal(t, tocsin.LinkForeign, linkFaultOf(err), "nor is a link to confirm one to acknowledge")
		for range 2 { // a repeat is as good
			s, err := c.Confirm(t.Context(), tokens[2])
			require.NoError(t, err)
			assert.Equal(t, []string{"A***@shop.example", "confirmed", ""}, []string{s.Address, s.State, s.Secret})
		}
		c.tell(id, comms.Identified)
		assert.Equal(t, []string{"Checkout: identified | We know why. Next update by 00:30 UTC."}, c.mail.to("Ana@shop.example"))
		update := c.mail.last("Ana@shop.example")
		assert.Equal(t, update.Unsubscribe, update.Links[0].URL)
		assert.NotContains(t, fmt.Sprint(update.Key, update.Incident, update.Text, update.Links), id, "the id of the incident stays inside")

		require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Mail: "ben@shop.example"}))
		settle(time.Second)
		late := c.mail.asked("ben@shop.example")[0]
		settle(24 * time.Hour)
		assert.Equal(t, map[string]int{"confirmed": 1}, c.states(), "who did not confirm is forgotten")
		_, err = c.Confirm(t.Context(), late)
		assert.Equal(t, tocsin.LinkExpired, linkFaultOf(err))
	})
}

// TestSubscribeTellsNothing: the answer is the same for an address that is unknown, asked, confirmed, unsubscribed and blocked, and what is
// malformed is refused before anything is looked up.
func TestSubscribeTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := found(t, memory.New(), &mailbox{}, nil)
		defer c.stop()
		c.join("in@shop.example", comms.Filter{})
		c.join("out@shop.example", comms.Filter{})
		for _, address := range []string{"asked@shop.example", "never@shop.example"} {
			require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Mail: address}))
		}
		settle(time.Second)
		require.NoError(t, c.Unsubscribe(t.Context(), path.Base(c.mail.last("never@shop.example").Links[1].URL)))
		require.NoError(t, c.Unsubscribe(t.Context(), path.Base(c.mail.last("out@shop.example").Links[1].URL)))
		for _, address := range []string{"in@shop.example", "out@shop.example", "asked@shop.example", "never@shop.example", "new@shop.example"} {
			require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Mail: address}), address)
		}
		settle(time.Second)
		assert.Len(t, c.mail.asked("never@shop.example"), 1, "who said no to a request is not asked again")
		assert.Equal(t, map[string]int{"confirmed": 1, "pending": 2, "unsubscribed": 2}, c.states())
		for name, s := range map[string]tocsin.Subscription{
			"no address": {}, "both": {Mail: "a@b.example", Webhook: "https://b.example"}, "a name": {Mail: "Ana <a@b.example>"},
			"two": {Mail: "a@b.example, c@d.example"}, "a header": {Mail: "a@b.example\r\nBcc: c@d.example"}, "http": {Webhook: "http://b.example"},
			"a user": {Webhook: "https://u:p@b.example"}, "no host": {Webhook: "https:///x"}, "a service inside": {Mail: "a@b.example", Filter: comms.Filter{Services: []string{"search-core"}}},
			"a topic": {Mail: "a@b.example", Filter: comms.Filter{Topics: []comms.Topic{"x"}}}, "long": {Mail: strings.Repeat("a", 250) + "@b.example"},
		} {
			s.List = "customers"
			err := c.Subscribe(t.Context(), s)
			require.Error(t, err, name)
			assert.NotContains(t, err.Error(), "b.example", name)
		}
		require.ErrorContains(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "x", Mail: "a@b.example"}), `there is no list "x", expected one of ["customers"]`)
	})
}

// TestFilters: who chose services, regions or topics hears of these, and of what has no region.
func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := found(t, memory.New(), &mailbox{}, nil)
		defer c.stop()
		c.join("all@x.example", comms.Filter{})
		c.join("checkout@x.example", comms.Filter{Services: []string{"Checkout"}})
		c.join("eu@x.example", comms.Filter{Regions: []string{"eu", "uk"}})
		c.join("both@x.example", comms.Filter{Services: []string{"Search"}, Regions: []string{"us"}})
		c.join("work@x.example", comms.Filter{Topics: []comms.Topic{comms.Planned}})
		for _, of := range [][2]string{{"checkout", "eu"}, {"search-core", "us"}, {"search-core", ""}} {
			c.tell(c.fail(of[0], of[1]), comms.Investigating)
		}
		got := map[string]int{}
		for _, name := range []string{"all", "checkout", "eu", "both", "work"} {
			got[name] = len(c.mail.to(name + "@x.example"))
		}
		assert.Equal(t, map[string]int{"all": 3, "checkout": 1, "eu": 2, "both": 2, "work": 0}, got)
	})
}

// TestUnsubscribed: who unsubscribed gets nothing more, is forgotten but for a hash, and comes back only by confirming anew.
func TestUnsubscribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := found(t, memory.New(), &mailbox{}, nil)
		defer c.stop()
		c.join("ana@shop.example", comms.Filter{})
		id := c.fail("checkout", "eu")
		c.tell(id, comms.Investigating)
		leave := path.Base(c.mail.last("ana@shop.example").Unsubscribe)
		settle(200 * 24 * time.Hour) // the link lasts
		for range 2 {
			require.NoError(t, c.Unsubscribe(t.Context(), leave))
		}
		id = c.fail("checkout", "eu")
		c.tell(id, comms.Investigating)
		assert.Len(t, c.mail.to("ana@shop.example"), 1)
		assert.Equal(t, tocsin.LinkForeign, linkFaultOf(c.Unsubscribe(t.Context(), c.mail.asked("ana@shop.example")[0])))
		rows, err := c.kept.Read(t.Context(), store.Query{Kind: core.KindSubscriber})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		s := rows[0].Rec.(*core.Subscriber)
		assert.Equal(t, []any{core.SubscriberGone, "", false}, []any{s.State, s.Address, s.Never})
		assert.NotContains(t, rows[0].Key.ID, "ana")

		c.join("ANA@shop.example", comms.Filter{}) // the same address
		assert.Equal(t, map[string]int{"confirmed": 1}, c.states())
		c.tell(id, comms.Identified)
		assert.Len(t, c.mail.to("ANA@shop.example"), 1)
	})
}

// TestErasedSubscriber: Erase finds a subscriber by the address, and the id stays, so that nobody writes to it again.
func TestErasedSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := found(t, memory.New(), &mailbox{}, nil)
		defer c.stop()
		c.join("ana@shop.example", comms.Filter{})
		c.join("ben@shop.example", comms.Filter{})
		done, err := c.Erase(t.Context(), "", "", "ana@shop.example")
		require.NoError(t, err)
		assert.Equal(t, 0, done.Left)
		assert.Equal(t, map[string]int{"confirmed": 1, "unsubscribed": 1}, c.states())
		assert.NotContains(t, dump(t, c.kept, ""), "ana@shop.example")
		c.tell(c.fail("checkout", "eu"), comms.Investigating)
		assert.Empty(t, c.mail.to("ana@shop.example"))
		assert.Len(t, c.mail.to("ben@shop.example"), 1)
		_, err = c.Erase(t.Context(), "", "")
		require.ErrorContains(t, err, "the person is missing")
	})
}

// TestCorrectionsReachTheSame: a correction and a retraction go to whoever could have got the first word, and to nobody else.
func TestCorrectionsReachTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := found(t, memory.New(), &mailbox{}, nil)
		defer c.stop()
		c.join("there@x.example", comms.Filter{})
		c.join("leaves@x.example", comms.Filter{})
		c.join("changes@x.example", comms.Filter{})
		id := c.fail("checkout", "eu")
		c.tell(id, comms.Investigating)
		c.join("later@x.example", comms.Filter{})
		c.join("changes@x.example", comms.Filter{Services: []string{"Search"}})
		require.NoError(t, c.Unsubscribe(t.Context(), path.Base(c.mail.last("leaves@x.example").Unsubscribe)))
		c.do(respond.CorrectUpdate{Incident: id, Update: "u1", By: "ana", Text: "All payments fail."})
		c.do(respond.RetractUpdate{Incident: id, Update: "u2", By: "ana", Because: "no"})
		for address, want := range map[string]int{"there": 3, "leaves": 1, "changes": 3, "later": 0} {
			assert.Len(t, c.mail.to(address+"@x.example"), want, address)
		}
		assert.Equal(t, "Checkout: correction | All payments fail. Next update by 00:30 UTC.", c.mail.to("there@x.example")[1])
		assert.Contains(t, c.mail.to("there@x.example")[2], "Checkout: retraction | Our update of")
		c.tell(id, comms.Identified)
		assert.Len(t, c.mail.to("later@x.example"), 1)
		assert.Len(t, c.mail.to("changes@x.example"), 3, "it wants to hear of another service now")
	})
}

// TestAFailingAddress: an address that refuses five updates in a row is turned off, and no other waits for it.
func TestAFailingAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mail := &mailbox{}
		c := found(t, memory.New(), mail, nil)
		defer c.stop()
		c.join("gone@x.example", comms.Filter{})
		c.join("slow@x.example", comms.Filter{})
		c.join("fine@x.example", comms.Filter{})
		mail.mu.Lock()
		mail.answer = func(m notify.Message) error {
			switch m.To {
			case "gone@x.example":
				return notify.Permanent(errors.New("SMTP status 550 for the recipient gone@x.example"))
			case "slow@x.example":
				return notify.RetryAfter(errors.New("SMTP status 451 for the recipient"), time.Minute)
			}
			return nil
		}
		mail.mu.Unlock()
		id := c.fail("checkout", "eu")
		for n := range 6 {
			c.tell(id, comms.Investigating)
			assert.Len(t, mail.to("fine@x.example"), n+1, "at once")
		}
		var off tocsin.Subscriber
		for s, err := range c.Subscribers(t.Context(), "", "") {
			require.NoError(t, err)
			if s.State == "off" {
				off = s
			}
		}
		assert.Equal(t, 5, off.Fails)
		assert.Equal(t, "subscribers: SMTP status 550 for the recipient ***", off.Fault)
		assert.Equal(t, map[string]int{"confirmed": 2, "off": 1}, c.states())
		for letter := range c.DeadLetters(t.Context(), "") {
			t.Errorf("a dead letter keeps the address: %v", letter.To)
		}
		mail.mu.Lock()
		mail.answer = nil
		mail.mu.Unlock()
		settle(10 * time.Minute)
		assert.Len(t, mail.to("slow@x.example"), 6, "in the end, and in order")
	})
}

// refusing is a transport on which some hosts never answer.
type refusing struct {
	mu   sync.Mutex
	seen map[string]int
}

func (r *refusing) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[q.URL.Host]++
	if strings.HasPrefix(q.URL.Host, "dead") {
		return nil, errors.New("no route")
	}
	return &http.Response{StatusCode: 204, Body: http.NoBody, Header: http.Header{}}, nil
}

// TestWebhookSubscribers: a webhook confirms by the link that it got, is signed, and dead ones hold up no other.
func TestWebhookSubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		way := &refusing{seen: map[string]int{}}
		c := found(t, memory.New(), &mailbox{}, func(c *tocsin.Config) { c.Subscribers.Client = &http.Client{Transport: way} })
		defer c.stop()
		for n := range 10 {
			require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Webhook: fmt.Sprintf("https://dead%d.example/hook", n)}))
		}
		settle(time.Second)
		require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Webhook: "https://fine.example/hook"}))
		settle(time.Second)
		way.mu.Lock()
		defer way.mu.Unlock()
		assert.Equal(t, 1, way.seen["fine.example"], "ten dead endpoints in a row hold up no other")
		assert.Len(t, way.seen, 11)
	})
}

// TestFanOutRestart stops an engine in the middle of a mailing and begins another one on its store, twice. Nobody is left out, and a
// repeat is a mail whose outcome was not known when the engine was killed. A list of 1,000 subscribers and more is read by shares.
func TestFanOutRestart(t *testing.T) {
	for _, n := range []int{700, 2500} {
		t.Run(fmt.Sprint(n, " subscribers"), func(t *testing.T) { fanOutRestart(t, n) })
	}
}

func fanOutRestart(t *testing.T, n int) {
	synctest.Test(t, func(t *testing.T) {
		kept, mail := memory.New(), &mailbox{}
		c := found(t, kept, mail, func(c *tocsin.Config) { c.StopWithin = time.Nanosecond })
		for i := range n {
			require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Mail: fmt.Sprintf("%d@x.example", i)}))
		}
		settle(time.Minute)
		for i := range n {
			_, err := c.Confirm(t.Context(), mail.asked(fmt.Sprintf("%d@x.example", i))[0])
			require.NoError(t, err)
		}
		began := map[string]int{}
		mail.takes = 50 * time.Millisecond
		mail.before = func(_ context.Context, m notify.Message) {
			mail.mu.Lock()
			defer mail.mu.Unlock()
			began[m.To]++
		}
		id := c.fail("checkout", "eu")
		c.do(respond.SendUpdate{Incident: id, By: "ana"})
		sent := func() int {
			mail.mu.Lock()
			defer mail.mu.Unlock()
			count := 0
			for _, m := range mail.got {
				if m.Part == core.PartSubscriber {
					count++
				}
			}
			return count
		}
		var stops []int
		for range 2 {
			settle(time.Second + 7*time.Millisecond)
			c.stop()
			stops = append(stops, sent())
			c = found(t, kept, mail, func(c *tocsin.Config) { c.StopWithin = time.Nanosecond })
		}
		settle(10 * time.Minute)
		c.stop()
		unknown, repeats := 0, 0
		for i := range n {
			address := fmt.Sprintf("%d@x.example", i)
			assert.NotEmpty(t, mail.to(address), address)
			repeats += len(mail.to(address)) - 1
			unknown += began[address] - 1
		}
		t.Logf("%d subscribers; %d and %d mails had left at the two stops; %d tries were repeated because their outcome was unknown, %d mails arrived twice", n, stops[0], stops[1], unknown, repeats)
		assert.Less(t, stops[1], n)
		assert.Greater(t, stops[0], 0)
		assert.LessOrEqual(t, unknown, 2*12, "at most the mails that were under way at the two stops")
	})
}

// TestManySubscribers: while 10,000 mails to subscribers leave, a page of a person leaves at once.
func TestManySubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		mail := &mailbox{}
		c := found(t, memory.New(), mail, nil)
		defer c.stop()
		for i := range n {
			require.NoError(t, c.Subscribe(t.Context(), tocsin.Subscription{List: "customers", Mail: fmt.Sprintf("%d@x.example", i)}))
		}
		settle(10 * time.Minute)
		mail.mu.Lock()
		got := slices.Clone(mail.got)
		mail.mu.Unlock()
		require.Len(t, got, n)
		for _, m := range got {
			_, err := c.Confirm(t.Context(), path.Base(m.Links[0].URL))
			require.NoError(t, err)
		}
		mail.takes = 200 * time.Millisecond
		id := c.fail("checkout", "eu")
		c.do(respond.SendUpdate{Incident: id, By: "ana"})
		settle(20 * time.Second)
		before := len(c.page.lines())
		began := time.Now()
		require.NoError(t, c.Submit(t.Context(), event.Event{Type: slow.Name, Severity: severity.Critical, Subject: "other", Summary: "other"}))
		synctest.Wait()
		assert.Greater(t, len(c.page.lines()), before, "the page")
		assert.Zero(t, time.Since(began), "at once")
		settle(10 * time.Minute)
		mail.mu.Lock()
		defer mail.mu.Unlock()
		updates := map[string]int{}
		for _, m := range mail.got {
			if m.Part == core.PartSubscriber {
				updates[m.To]++
			}
		}
		assert.Len(t, updates, n)
		assert.Len(t, mail.got, 2*n, "each once")
	})
}
