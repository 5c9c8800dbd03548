package tocsin_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// told writes the lines of a ledger as a transcript.
func told(start time.Time, lines []tocsin.LedgerLine) string {
	var b strings.Builder
	for _, l := range lines {
		when := "now"
		if !l.At.IsZero() {
			when = incident.Offset(l.At.Sub(start))
		}
		if l.Sent == nil {
			fmt.Fprintf(&b, "%s  %s  in words: %s\n", when, l.Title, l.Words)
			continue
		}
		s := l.Sent
		columns := []string{when, l.Title, s.Kind}
		if s.Level > 0 {
			columns = append(columns, fmt.Sprint("level ", s.Level))
		}
		columns = append(columns, s.About, string(s.Person), s.Channel, s.Room, string(s.Result), s.Reason)
		if s.With > 0 {
			columns = append(columns, fmt.Sprintf("with %d others", s.With))
		}
		if !s.Again.IsZero() {
			columns = append(columns, "again at "+incident.Offset(s.Again.Sub(start)))
		}
		b.WriteString(strings.Join(slices.DeleteFunc(columns, func(c string) bool { return c == "" }), "  ") + "\n")
	}
	return b.String()
}

// addressed is twoLevels with addresses that are easy to find, a room, and a plan whose first level reaches nobody.
func addressed() *catalog.Catalog {
	c := twoLevels()
	c.People["ana"] = catalog.Person{Contacts: []escalate.Contact{"slack:CANARY-ana", "sms:CANARY-4915"}}
	c.People["ben"] = catalog.Person{Contacts: []escalate.Contact{"slack:CANARY-ben"}}
	c.Classes = append(c.Classes, event.Class{Name: "empty", Plan: "empty", Owner: "hub"}, event.Class{Name: "room", Plan: "room"})
	c.Teams["hub"] = catalog.Team{Members: []escalate.PersonID{"ben"}}
	c.Plans["empty"], c.Plans["room"] = catalog.Plan{Policy: "empty"}, catalog.Plan{Policy: "room"}
	c.Policies["empty"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"owner.lead"}, Wait: time.Minute}, {Page: []escalate.Target{"person:ben"}, Wait: time.Hour}}}
	c.Policies["room"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"channel:slack:#ops", "channel:sms:CANARY-hook"}, Wait: time.Hour}}}
	return c
}

// TestLedgerTellsEachMessage: what the ledger says of pages that are tried again, fail, are accepted elsewhere, are withdrawn, leave together,
// are held, wait, or have nobody to go to.
func TestLedgerTellsEachMessage(t *testing.T) {
	refuse := func(m notify.Message) error { return notify.Permanent(fmt.Errorf("550 %s is unknown", m.To)) }
	busy := func(notify.Message) error { return errors.New("busy") }
	for _, tt := range []struct {
		name, want string
		person     escalate.PersonID
		play       func(t *testing.T, h *house)
	}{
		{"retried and accepted", `
			+0s  x  page  level 1  ana  slack  retry  slack: busy  again at +1s
			+1s  x  page  level 1  ana  slack  accepted
		`, "", func(t *testing.T, h *house) {
			h.in.answer = busy
			h.fires(t, critical("x"))
			h.in.answer = nil
			settle(2 * time.Second)
		}},
		{"failed, and accepted over the next contact", `
			+0s  x  page  level 1  ana  slack  failed  slack: 550 *** is unknown
			+0s  x  page  level 1  ana  sms  accepted
		`, "ana", func(t *testing.T, h *house) {
			h.in.answer = func(m notify.Message) error {
				if m.Channel == "slack" {
					return refuse(m)
				}
				return nil
			}
			h.fires(t, critical("x"))
		}},
		{"withdrawn", `
			+0s  x  page  level 1  ana  slack  retry  slack: busy  again at +1s
			+0s  x  page  level 1  ana  slack  withdrawn  ben has it
		`, "ana", func(t *testing.T, h *house) {
			h.in.answer = busy
			h.fires(t, critical("x"))
			h.in.answer = nil
			require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: inc("pay.x/checkout#1"), By: "ben"}))
		}},
		{"together", `
			+30s  0  page  level 1  ana  slack  accepted
			+31s  1  page  level 1  ana  slack  accepted
			+1m32s  2  page  level 1  ana  slack  accepted  with 4 others
			+1m32s  3  page  level 1  ana  slack  accepted  with 4 others
			+1m32s  4  page  level 1  ana  slack  accepted  with 4 others
			+1m32s  5  page  level 1  ana  slack  accepted  with 4 others
			+1m32s  6  page  level 1  ana  slack  accepted  with 4 others
		`, "ana", func(t *testing.T, h *house) {
			for i := range 7 {
				e := critical(fmt.Sprint(i))
				e.Severity = severity.Error // a page of P1 leaves at once
				h.fires(t, e)
				time.Sleep(time.Second)
			}
			settle(3 * time.Minute)
		}},
		{"delayed by a rate", `
			+30s  0  page  level 1  ana  slack  accepted
			+31s  1  page  level 1  ana  slack  delayed  held back: as many were sent to this address as its rate allows  again at +1m30s
			+1m30s  1  page  level 1  ana  slack  accepted
		`, "ana", func(t *testing.T, h *house) {
			c := addressed()
			c.Channels = map[string]catalog.Channel{"slack": {Person: []automate.Rate{{Count: 1, Per: time.Minute}}}}
			require.NoError(t, h.Reload(c))
			for i := range 2 {
				e := critical(fmt.Sprint(i))
				e.Severity = severity.Error // rates delay no page of P1
				h.fires(t, e)
				time.Sleep(time.Second)
			}
			settle(90 * time.Second)
		}},
		{"nobody to go to", `
			+30s  e  page  level 1  withheld  the level reaches nobody
			+30s  e  page  level 2  ben  slack  accepted
		`, "", func(t *testing.T, h *house) {
			h.fires(t, event.Event{Type: "empty", Severity: severity.Critical, Summary: "e"})
			settle(time.Minute)
		}},
		{"rooms", `
			+30s  r  page  level 1  slack  #ops  accepted
			+31s  r  page  level 1  sms  failed  sms: 550 *** is unknown
		`, "", func(t *testing.T, h *house) {
			h.in.answer = func(m notify.Message) error {
				if m.Channel == "sms" {
					time.Sleep(time.Second)
					return refuse(m)
				}
				return nil
			}
			h.fires(t, event.Event{Type: "room", Severity: severity.Critical, Summary: "r"})
			settle(time.Minute)
		}},
		{"on its way", `
			+0s  x  page  level 1  ana  slack  retry  slack: busy  again at +1s
			now  x  page  level 1  ana  slack  pending
		`, "ana", func(t *testing.T, h *house) {
			h.in.answer = busy
			h.fires(t, critical("x"))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, addressed(), "slack", "sms")
				began := time.Now()
				tt.play(t, h)
				lines, err := h.Ledger(t.Context(), tocsin.LedgerQuery{Person: tt.person})
				require.NoError(t, err)
				lines = slices.DeleteFunc(lines, func(l tocsin.LedgerLine) bool { return strings.HasPrefix(l.Title, "incident ") }) // findings
				slices.SortStableFunc(lines, func(a, b tocsin.LedgerLine) int {                                                     // one instant has its incidents in the order of their ids
					return cmp.Or(strings.Compare(stamp(a), stamp(b)), strings.Compare(a.Title, b.Title))
				})
				want := strings.ReplaceAll(strings.TrimSpace(tt.want), "\t", "") + "\n"
				assert.Equal(t, want, told(began, lines))
				doc, err := json.Marshal(lines)
				require.NoError(t, err)
				assert.NotContains(t, string(doc), "CANARY", "an address")
			})
		})
	}
}

func stamp(l tocsin.LedgerLine) string {
	if l.At.IsZero() {
		return "now"
	}
	return l.At.Format("2006-01-02T15:04:05.000000000")
}

// TestLedgerQuery: every filter selects what it says, in pages of every size, and no tenant reads of another.
func TestLedgerQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, addressed(), "slack", "sms")
		defer h.stop()
		const n = 7
		began := time.Now()
		for i := range n {
			h.fires(t, critical(fmt.Sprint(i)))
			settle(time.Hour) // level 2 is paged, and so are further rounds
		}
		foreign := critical("foreign")
		foreign.Tenant = "bolt"
		h.fires(t, foreign)
		all, err := h.Ledger(t.Context(), tocsin.LedgerQuery{})
		require.NoError(t, err)
		assert.True(t, slices.IsSortedFunc(all, func(a, b tocsin.LedgerLine) int { return a.At.Compare(b.At) }), "the oldest first")
		assert.NotContains(t, told(began, all), "foreign")

		from, to := began.Add(time.Hour), began.Add(2*time.Hour+time.Minute)
		for name, q := range map[string]struct {
			tocsin.LedgerQuery
			takes func(l *tocsin.LedgerLine) bool
		}{
			"all":    {tocsin.LedgerQuery{}, func(*tocsin.LedgerLine) bool { return true }},
			"ben":    {tocsin.LedgerQuery{Person: "ben"}, func(l *tocsin.LedgerLine) bool { return l.Sent.Person == "ben" }},
			"nobody": {tocsin.LedgerQuery{Person: "zoe"}, func(*tocsin.LedgerLine) bool { return false }},
			"from":   {tocsin.LedgerQuery{From: from}, func(l *tocsin.LedgerLine) bool { return !l.At.Before(from) }},
			"to":     {tocsin.LedgerQuery{To: to}, func(l *tocsin.LedgerLine) bool { return l.At.Before(to) }},
			"both": {tocsin.LedgerQuery{From: from, To: to, Person: "ana"}, func(l *tocsin.LedgerLine) bool {
				return !l.At.Before(from) && l.At.Before(to) && l.Sent.Person == "ana"
			}},
			"incident": {tocsin.LedgerQuery{Incident: inc("pay.3/checkout#1")}, func(l *tocsin.LedgerLine) bool { return l.Title == "3" }},
		} {
			var want []string
			for i := range all {
				if q.takes(&all[i]) {
					want = append(want, told(began, all[i:i+1]))
				}
			}
			for limit := range n + 3 {
				q.Limit, q.After = limit, ""
				var got []string
				for pages := 1; ; pages++ {
					lines, err := h.Ledger(t.Context(), q.LedgerQuery)
					for i := range lines {
						got = append(got, told(began, lines[i:i+1]))
					}
					var more *tocsin.MoreError
					if !errors.As(err, &more) {
						require.NoError(t, err)
						break
					}
					require.LessOrEqual(t, pages, 3*n, "findings open incidents, too")
					q.After = more.After
				}
				assert.ElementsMatch(t, want, got, "%s by %d", name, limit)
			}
		}
		assert.Greater(t, len(all), 3*n)
	})
}

// TestLedgerRefuses tells faults of a query by name, and hides what is of another tenant.
func TestLedgerRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, addressed(), "slack", "sms")
		defer h.stop()
		h.fires(t, critical("x"))
		alerts, err := h.Alerts(t.Context(), tocsin.AlertQuery{})
		require.NoError(t, err)
		id, now := inc("pay.x/checkout#1"), time.Now()
		for want, q := range map[string]tocsin.LedgerQuery{
			"expected an earlier from":     {From: now, To: now},
			"limit 501, expected 0 to 500": {Limit: 501},
			"expected one of them":         {Incident: id, After: id},
			"not found":                    {Incident: id, Tenant: "bolt"},
			"no incident":                  {Incident: alerts[0].ID},
			`"nowhere"`:                    {After: "nowhere"},
		} {
			lines, err := h.Ledger(t.Context(), q)
			require.ErrorContains(t, err, want)
			assert.Empty(t, lines)
		}
	})
}

// before is a store whose timelines an earlier version wrote.
type before struct{ store.Store }

func (b before) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	rows, err := b.Store.Read(ctx, q)
	for i := range rows {
		rows[i].Entries = slices.Clone(rows[i].Entries)
		for k := range rows[i].Entries {
			var e incident.Entry
			if err := json.Unmarshal(rows[i].Entries[k].Doc, &e); err != nil {
				return nil, err
			}
			e.Sent = nil
			rows[i].Entries[k].Doc = e.AppendJSON(nil)
		}
		if was, ok := rows[i].Rec.(*core.Incident); ok {
			old := *was
			old.Delivery.Posted = time.Time{}
			rows[i].Rec = &old
		}
	}
	return rows, err
}

// TestLedgerOfAnEarlierVersion: what an earlier version wrote is told in its words, whoever is asked about.
func TestLedgerOfAnEarlierVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{answer: func(notify.Message) error { return errors.New("busy") }}
		bell, stop := begin(t, before{memory.New()}, in)
		defer stop()
		began := time.Now()
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		synctest.Wait()
		require.NoError(t, bell.Do(t.Context(), respond.Acknowledge{Incident: inc("pay.x/checkout#1"), By: "ben"}))
		in.answer = nil
		require.NoError(t, bell.Do(t.Context(), respond.Page{Incident: inc("pay.x/checkout#1"), Target: "person:ana", By: "ben", Because: "come"}))
		synctest.Wait()
		for _, q := range []tocsin.LedgerQuery{{}, {Person: "ana"}, {Person: "zoe", From: began}, {Incident: inc("pay.x/checkout#1")}} {
			lines, err := bell.Ledger(t.Context(), q)
			require.NoError(t, err)
			assert.Equal(t, "+0s  x  in words: withdrawn  level 1  ana  slack\n+0s  x  in words: page  by hand  ana  slack\n", told(began, lines))
		}
	})
}

// TestNoCanaryInTheLedger: a channel that says whom it was to reach, and by which link, puts neither on record. What is erased later is gone
// from the ledger, too.
func TestNoCanaryInTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{answer: func(m notify.Message) error {
			return notify.Permanent(fmt.Errorf("%s of Ana Lima refuses %s", m.To, m.Ack))
		}}
		bell, stop := begin(t, memory.New(), in)
		defer stop()
		began := time.Now()
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		synctest.Wait()
		require.Contains(t, in.messages[0].Ack, "tcn_")
		q := tocsin.LedgerQuery{Incident: inc("pay.x/checkout#1")}
		lines, err := bell.Ledger(t.Context(), q)
		require.NoError(t, err)
		assert.NotContains(t, told(began, lines), "tcn_")
		assert.NotContains(t, told(began, lines), "@ana")
		require.Contains(t, told(began, lines), "Ana Lima")
		_, err = bell.Erase(t.Context(), "", "ana", "Ana Lima")
		require.NoError(t, err)
		lines, err = bell.Ledger(t.Context(), q)
		require.NoError(t, err)
		assert.NotContains(t, told(began, lines), "Ana Lima")
		assert.Contains(t, told(began, lines), "page  level 1  ana  slack  failed  slack: *** of erased refuses")
	})
}

// fires lets an alert fire.
func (h *house) fires(t *testing.T, e event.Event) {
	t.Helper()
	require.NoError(t, h.Submit(t.Context(), e))
	synctest.Wait()
}

// Ledger says what became of each message. Here the number of ana does not exist, so that she is paged over the next contact.
func ExampleEngine_Ledger() {
	stuck, paged := event.Class{Name: "payout.stuck", Severity: severity.Critical}, make(chan string)
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: &catalog.Catalog{
			Classes:  []event.Class{stuck},
			Defaults: catalog.Defaults{Owner: "payments", Plan: "standard"},
			Plans:    map[string]catalog.Plan{"standard": {Policy: "standard", GroupWait: new(time.Duration)}},
			Policies: map[string]escalate.Policy{"standard": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
			Teams:    map[string]catalog.Team{"payments": {Members: []escalate.PersonID{"ana"}}},
			People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"sms:+4915100", "chat:@ana"}}},
		},
		Notifiers: map[string]notify.Notifier{
			"sms": notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
				return notify.Receipt{}, notify.Permanent(errors.New("there is no number " + m.To))
			}),
			"chat": notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
				paged <- m.Incident
				return notify.Receipt{}, nil
			}),
		},
	})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- bell.Run(ctx) }()
	if err := bell.Submit(ctx, stuck.Trigger("payouts wait")); err != nil {
		panic(err)
	}
	<-paged
	stop()
	<-done
	lines, err := bell.Ledger(context.Background(), tocsin.LedgerQuery{Person: "ana"})
	if err != nil {
		panic(err)
	}
	for _, l := range lines {
		fmt.Printf("%s of level %d over %s: %s %s\n", l.Sent.Kind, l.Sent.Level, l.Sent.Channel, l.Sent.Result, l.Sent.Reason)
	}
	// Output:
	// page of level 1 over sms: failed sms: there is no number ***
	// page of level 1 over chat: accepted
}
