package tocsin_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
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
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// logged is a store in memory that has an input log, since the engine does not know it for one.
type logged struct{ *memory.Store }

// What is to be erased of ana, and what of ben is to stay.
const (
	anasMail   = "ana@example.org"
	anasPhone  = "+49151123"
	anasName   = "Ana Lima"
	anasReason = "the queue was mine, sorry"
	anasDesk   = "a call from home"
	bensMail   = "ben@example.org"
	bensReason = "rolled back by ben"
)

func contacts() *catalog.Catalog {
	c := twoLevels()
	c.People = map[escalate.PersonID]catalog.Person{
		"ana": {Contacts: []escalate.Contact{"mail:" + anasMail, "sms:" + anasPhone}},
		"ben": {Contacts: []escalate.Contact{"mail:" + bensMail}},
	}
	return c
}

// history lets an engine over the store page ana, whose mail is refused, and ben, whom one mail does not reach, and both
// write texts. It returns the engine, which does not run any more.
func history(t *testing.T, kept store.Store) *tocsin.Engine {
	t.Helper()
	n := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
		if m.To == anasMail || m.To == bensMail && m.Summary == "third" {
			return notify.Receipt{}, notify.Permanent(fmt.Errorf("550 %s has no mailbox here", m.To))
		}
		return notify.Receipt{}, nil
	})
	bell, stop := with(t, kept, n)
	defer stop()
	for _, summary := range []string{"first", "second of " + anasName, "third"} {
		name, _, _ := strings.Cut(summary, " ")
		e := event.Event{
			Type: "pay." + name, Severity: severity.Critical, Summary: summary, Labels: map[string]string{"asked": "by " + anasMail},
			Data: map[string]any{anasPhone: []any{map[string]any{"name": anasName}}, "n": 3},
		}
		other := e
		other.Tenant = "other"
		require.NoError(t, bell.Submit(t.Context(), e, other))
		settle(3 * time.Minute) // ana by mail and phone, then ben
	}
	first, second := inc("pay.first/checkout#1"), inc("pay.second/checkout#1")
	for _, c := range []respond.Command{
		respond.Acknowledge{Incident: first, By: "ana", Via: anasDesk},
		respond.Reprioritise{Incident: first, By: "ana", Priority: severity.P2, Because: anasReason},
		respond.Resolve{Incident: first, By: "ana", Alerts: true, Override: anasReason},
		respond.Acknowledge{Incident: second, By: "ben", Via: "phone"},
		respond.Resolve{Incident: second, By: "ben", Alerts: true, Override: bensReason},
		respond.Resolve{Incident: inc("pay.third/checkout#1"), By: "ben", Alerts: true, Override: bensReason},
		respond.Resolve{Incident: incOf("other", "pay.third/checkout#1"), By: "ben", Alerts: true, Override: "of " + anasName},
	} {
		require.NoError(t, bell.Do(t.Context(), c))
		settle(time.Minute)
	}
	return bell
}

// with runs an engine over the store, over which everybody is reached by n.
func with(t *testing.T, kept store.Store, n notify.Notifier) (*tocsin.Engine, func()) {
	t.Helper()
	bell, err := tocsin.New(&tocsin.Config{Catalog: contacts(), Store: kept, Notifiers: map[string]notify.Notifier{"mail": n, "sms": n}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	return bell, func() {
		cancel()
		require.NoError(t, <-done)
	}
}

// dump writes out everything that the store holds of a tenant, and the log.
func dump(t *testing.T, s store.Store, tenant string) string {
	t.Helper()
	var out strings.Builder
	for _, kind := range []string{
		core.KindAlert, core.KindChange, core.KindGroup, core.KindIncident, core.KindLedger, core.KindPlan,
		core.KindSwitch, core.KindSubscriber, core.KindMailing, store.KindTask,
	} {
		rows, err := s.Read(t.Context(), store.Query{Tenant: tenant, Kind: kind, Timeline: true, Limit: 1_000})
		require.NoError(t, err)
		for _, row := range rows {
			fmt.Fprintf(&out, "%v", row.Key)
			if task, ok := row.Rec.(store.Task); ok {
				fmt.Fprintf(&out, " %s", task.Payload)
			} else {
				doc, err := core.New().Encode(kind, core.Schema, row.Rec)
				require.NoError(t, err)
				fmt.Fprintf(&out, " %s", doc)
			}
			for _, e := range row.Entries {
				fmt.Fprintf(&out, " %s", e.Doc)
			}
			out.WriteByte('\n')
		}
	}
	rows, err := s.Read(t.Context(), store.Query{Kind: store.KindLog, Limit: 10_000})
	require.NoError(t, err)
	for _, row := range rows {
		doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(row.Rec.(store.Entry).Doc)))
		require.NoError(t, err)
		fmt.Fprintf(&out, "%s %s\n", row.Key.ID, doc)
	}
	return out.String()
}

func ofAna() []string {
	return []string{anasMail, anasPhone, anasName, anasReason, anasDesk}
}

// TestErase: what ana wrote, her addresses and her name are gone from records, timelines, letters and the log; that it was
// she stays, and so does everything of ben and of the other tenant.
func TestErase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := logged{memory.New()}
		bell := history(t, kept)
		before, other := dump(t, kept, ""), dumpOther(t, kept)
		for _, text := range ofAna() {
			require.Contains(t, before, text)
		}
		mine, others := 0, 0
		for l, err := range bell.DeadLetters(t.Context(), "") {
			require.NoError(t, err)
			if l.Person == "ana" {
				mine++
			} else {
				others++
			}
		}

		done, err := bell.Erase(t.Context(), "", "ana", anasName)
		require.NoError(t, err)
		assert.Equal(t, 0, done.Left)
		assert.Equal(t, mine, done.Letters)
		assert.Positive(t, done.Records)
		assert.Positive(t, done.Rows)

		after := dump(t, kept, "")
		assertGone(t, after)
		letters := regexp.MustCompile(`(?m)^\{ task .*"person":"ana".*\n`)
		assert.Len(t, letters.FindAllString(before, -1), mine)
		before = letters.ReplaceAllString(before, "")
		told := regexp.MustCompile(`\{"person":"ana","contact":"sms:` + regexp.QuoteMeta(anasPhone) + `"[^}]*\}`)
		before = told.ReplaceAllString(before, "") // she is told nothing more
		for _, text := range []string{bensMail, bensReason, "via phone", "550 " + bensMail, `"person":"ana"`} {
			assert.Equal(t, strings.Count(before, text), strings.Count(after, text), text)
		}
		assert.Equal(t, strings.Count(before, "\n"), strings.Count(after, "\n"))
		assert.True(t, other == dumpOther(t, kept), "the other tenant is left alone")
		assert.Equal(t, []string{
			`+0s  opened  P1 = impact high (checkout, tier 1) × urgency high (critical)  class pay.second  owner payments  "second of erased"  by app`,
			"+0s  level 1  pages ana",
			"+0s  page  level 1  ana  mail  failed: mail: 550 *** has no mailbox here",
			"+0s  page  level 1  ana  sms",
		}, linesOf(t, bell, inc("pay.second/checkout#1"))[:4])
		assert.Equal(t, []string{
			"+9m  acknowledged  via erased  by ana",
			"+10m  priority  P1 → P2 forced  because: erased  by ana",
			"+11m  alert resolved  app/pay.first//checkout  by hand  by ana",
			"+11m  incident resolved  by command  override: erased  by ana",
		}, linesOf(t, bell, inc("pay.first/checkout#1"))[11:15])
		assert.ElementsMatch(t, []string{"+11m  all-clear  ana  sms", "+11m  all-clear  ben  mail"}, linesOf(t, bell, inc("pay.first/checkout#1"))[15:])
		left := 0
		for l, err := range bell.DeadLetters(t.Context(), "") {
			require.NoError(t, err)
			assert.Equal(t, "ben", l.Person)
			left++
		}
		assert.Equal(t, others, left)

		again, err := bell.Erase(t.Context(), "", "ana", anasName)
		require.NoError(t, err)
		assert.Equal(t, tocsin.Erased{}, again)
		assert.True(t, after == dump(t, kept, ""), "nothing more to erase")
		_, err = sim.Replay(t.Context(), contacts(), kept)
		require.NoError(t, err)
	})
}

// assertGone holds that a dump has nothing of ana, but for rows of the log that other tenants have a part in.
func assertGone(t *testing.T, dump string) {
	t.Helper()
	for line := range strings.Lines(dump) {
		for _, text := range ofAna() {
			if strings.Contains(line, text) && !ofOther(line) {
				assert.Fail(t, "still there: "+text, line)
			}
		}
	}
}

// ofOther reports whether the other tenant has a part in a line: an event, the record that an outcome is about, or a command.
func ofOther(line string) bool {
	return strings.Contains(strings.ToLower(line), `"tenant":"other"`) || strings.Contains(line, incOf("other", "pay.third/checkout#1"))
}

// dumpOther is the dump of the other tenant without the log.
func dumpOther(t *testing.T, s store.Store) string {
	t.Helper()
	records, _, found := strings.Cut(dump(t, s, "other"), "\n00000000000000000001 ")
	require.True(t, found)
	return records
}

func linesOf(t *testing.T, bell *tocsin.Engine, id string) []string {
	t.Helper()
	timeline, err := bell.Timeline(t.Context(), id)
	require.NoError(t, err)
	var out []string
	for i := range timeline {
		out = append(out, timeline[i].Line(timeline[0].At))
	}
	return out
}

// TestEraseWithout: a store that can only add is refused before anything is changed, and so is what would hit the id.
func TestEraseWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &logging{Store: memory.New()}
		bell := history(t, kept)
		before := dump(t, kept, "")
		_, err := bell.Erase(t.Context(), "", "ana")
		require.ErrorContains(t, err, "does not implement store.Eraser")
		assert.Equal(t, before, dump(t, kept, ""))
	})
	bell, err := tocsin.New(&tocsin.Config{Store: memory.New(), Notifier: &inbox{}})
	require.NoError(t, err)
	_, err = bell.Erase(t.Context(), "", "")
	require.ErrorContains(t, err, "the person is missing")
	_, err = bell.Erase(t.Context(), "", "ana.lima", "lima")
	require.ErrorContains(t, err, `"lima" is part of the id "ana.lima", which stays`)
}

// breaking is a store whose Erase is broken off before a document.
type breaking struct {
	logged
	before int
	seen   int
}

var errBroken = errors.New("broken off")

func (b *breaking) Erase(ctx context.Context, edit func(store.Key, []byte) ([]byte, error)) (int, error) {
	b.seen = 0
	return b.logged.Erase(ctx, func(of store.Key, doc []byte) ([]byte, error) {
		if b.seen++; b.seen == b.before {
			return nil, errBroken
		}
		return edit(of, doc)
	})
}

// TestEraseBrokenOff: wherever it ends, another call finishes what one did not.
func TestEraseBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := 71
		if testing.Short() {
			step = 190
		}
		for before := 1; ; before += step {
			broken := &breaking{logged: logged{memory.New()}, before: before}
			bell := history(t, broken)
			_, err := bell.Erase(t.Context(), "", "ana", anasName)
			if err == nil {
				require.Greater(t, before, 100)
				return
			}
			require.ErrorIs(t, err, errBroken)
			broken.before = 0
			done, err := bell.Erase(t.Context(), "", "ana", anasName)
			require.NoError(t, err)
			require.Zero(t, done.Left)
			assertGone(t, dump(t, broken, ""))
		}
	})
}

// TestEraseBeside: a page that is on its way is left, counted, and sent; once that is settled, nothing is left. Meanwhile
// events come, of which none is lost.
func TestEraseBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := logged{memory.New()}
		held := make(chan struct{})
		sent := make(chan string, 100)
		bell, stop := with(t, kept, notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
			select {
			case <-held:
			case <-ctx.Done():
			}
			for range pagesIn(m) {
				sent <- m.To
			}
			return notify.Receipt{}, ctx.Err()
		}))
		defer stop()
		require.NoError(t, bell.Submit(t.Context(), event.Event{Type: "pay.first", Severity: severity.Critical, Summary: "of " + anasName}))
		synctest.Wait()
		left, err := bell.Erase(t.Context(), "", "ana", anasName)
		require.NoError(t, err)
		assert.Equal(t, 2, left.Left, "the message, and the record that waits for it")

		var submitted sync.WaitGroup
		for i := range 20 {
			submitted.Go(func() {
				e := event.Event{Type: fmt.Sprint("pay.", i), Severity: severity.Critical, Summary: "asked " + anasMail}
				assert.NoError(t, bell.Submit(t.Context(), e))
			})
		}
		_, err = bell.Erase(t.Context(), "", "ana", anasName)
		require.NoError(t, err)
		submitted.Wait()
		close(held)
		settle(time.Second)
		assert.Len(t, sent, 21)
		assert.Equal(t, anasMail, <-sent)
		done, err := bell.Erase(t.Context(), "", "ana", anasName)
		require.NoError(t, err)
		assert.Zero(t, done.Left)
		assertGone(t, dump(t, kept, ""))
		incidents, err := bell.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		assert.Len(t, incidents, 21)
	})
}

// TestEraseKillSwitch: why ana threw the kill switch is said by each run that it ended or kept from beginning, on the timelines,
// by the switch and in the log. All of them forget it with her; that it was she, and that the switch is thrown, stays.
func TestEraseKillSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, heard := logged{memory.New()}, &inbox{}
		c := contacts()
		c.Runbooks = map[string]automate.Runbook{"mend": {
			Owner: "payments", Mode: automate.Auto, When: `event.type.startsWith("pay.")`,
			Steps: []automate.Step{{Do: "act"}, {Wait: time.Minute}, {Do: "act"}},
		}}
		act := automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) { return automate.Result{}, nil })
		bell, err := tocsin.New(&tocsin.Config{
			Catalog: c, Store: kept, Actions: map[string]automate.Action{"act": act}, Notifiers: map[string]notify.Notifier{"mail": heard, "sms": heard},
		})
		require.NoError(t, err)
		stop := run(t, bell)
		require.NoError(t, bell.Submit(t.Context(), critical("first")))
		settle(10 * time.Second)
		require.NoError(t, bell.Do(t.Context(), respond.KillSwitch{By: "ana", Because: anasReason}))
		require.NoError(t, bell.Submit(t.Context(), critical("second")))
		settle(2 * time.Minute)
		stop()

		holds := func(reason string) {
			t.Helper()
			for id, began := range map[string]bool{inc("pay.first/checkout#1"): true, inc("pay.second/checkout#1"): false} {
				got, err := bell.Incident(t.Context(), id)
				require.NoError(t, err)
				require.Len(t, got.Runs, 1)
				ended := &got.Runs[0]
				assert.Equal(t, automate.Stopped, ended.State)
				assert.Equal(t, "the kill switch", ended.Why)
				assert.Equal(t, incident.Said{By: "ana", Text: reason}, ended.Said)
				assert.Equal(t, began, ended.Steps[0].State == automate.Done, "it was under way")
				said := having(linesOf(t, bell, id), "  runbook mend  stopped: ")
				require.Len(t, said, 1)
				assert.Contains(t, said[0], "  runbook mend  stopped: the kill switch  "+reason+"  by ana")
			}
			rows, err := kept.Read(t.Context(), store.Query{Kind: core.KindSwitch})
			require.NoError(t, err)
			require.Len(t, rows, 1)
			doc, err := core.New().Encode(core.KindSwitch, core.Schema, rows[0].Rec)
			require.NoError(t, err)
			assert.JSONEq(t, `{"by":"ana","text":"`+reason+`","at":"2000-01-01T00:00:10Z"}`, string(doc))
		}
		holds(anasReason)
		_, err = bell.Erase(t.Context(), "", "ben")
		require.NoError(t, err)
		holds(anasReason)
		_, err = bell.Erase(t.Context(), "", "ana")
		require.NoError(t, err)
		holds("erased")
		for _, id := range []string{inc("pay.first/checkout#1"), inc("pay.second/checkout#1")} {
			text, err := bell.Explain(t.Context(), id)
			require.NoError(t, err)
			assert.NotContains(t, text, anasReason)
		}
		assert.NotContains(t, dump(t, kept, ""), anasReason)
	})
}

// What is stored says that something was asked, and no longer by whom.
func ExampleEngine_Erase() {
	full := event.Class{Name: "disk.full"}
	bell, err := tocsin.New(&tocsin.Config{Notifier: &log.Notifier{}, Classes: []event.Class{full}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := bell.Submit(ctx, full.Trigger("the disk of Ana Lima is full")); err != nil {
		fmt.Println(err)
	}
	if _, err := bell.Erase(ctx, "", "ana", "Ana Lima"); err != nil {
		fmt.Println(err)
	}
	incidents, err := bell.Incidents(ctx, tocsin.Query{})
	if err != nil {
		fmt.Println(err)
	}
	for _, inc := range incidents {
		fmt.Println(inc.Title)
	}
	// Output:
	// the disk of erased is full
}
