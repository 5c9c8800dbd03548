package tocsin_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// many is a catalog of 40 services of one team. ana is on call and ben leads it.
func many() *catalog.Catalog {
	c := &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana", "sms:1"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
		},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}},
		Services: map[string]catalog.Service{},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "two"}},
		Policies: map[string]escalate.Policy{"two": {Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}}, {Page: []escalate.Target{"owner.lead"}, Wait: 10 * time.Minute},
		}}},
	}
	for i := range 40 {
		name := fmt.Sprintf("s%02d", i)
		c.Services[name] = catalog.Service{Owner: "shop", Tier: 1 + i%2}
		c.Classes = append(c.Classes, event.Class{Name: name + ".*", Service: name})
	}
	return c
}

// fault is the n-th fault: each is an incident of its own.
func fault(n int, s severity.Level) event.Event {
	return event.Event{Type: fmt.Sprintf("s%02d.fault%d", n%40, n/40), Severity: s, Summary: fmt.Sprintf("fault number %03d", n)}
}

// heardBy notes each message that a notifier is asked to send.
type heardBy struct {
	mu    sync.Mutex
	start time.Time
	calls []notify.Message
	at    []time.Duration
	takes time.Duration              // for each call
	says  func(notify.Message) error // nil: accept
}

func (h *heardBy) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	h.mu.Lock()
	h.calls, h.at = append(h.calls, m), append(h.at, time.Since(h.start))
	h.mu.Unlock()
	time.Sleep(h.takes)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.says != nil {
		return notify.Receipt{}, h.says(m)
	}
	return notify.Receipt{}, nil
}

// answers sets what the notifier says from now on.
func (h *heardBy) answers(says func(notify.Message) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.says = says
}

// pages returns the messages of kind page to a person before the instant, each with its instant in front of its words.
func (h *heardBy) pages(person string, before time.Duration) (texts []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, m := range h.calls {
		if m.Kind == notify.Page && m.Person == person && h.at[i] < before {
			texts = append(texts, fmt.Sprintf("%v %s\n%s", h.at[i], m.Title, m.Text))
		}
	}
	return texts
}

// stormed runs an engine with the catalog of 40 services.
func stormed(t *testing.T, h *heardBy) (bell *tocsin.Engine, stop func()) {
	bell, err := tocsin.New(&tocsin.Config{Catalog: many(), Notifiers: map[string]notify.Notifier{"slack": h, "sms": h}})
	require.NoError(t, err)
	h.start = time.Now()
	return bell, run(t, bell)
}

// TestAStormIsFewMessages holds that 200 incidents of 40 services in two minutes are at most five messages to a person in ten minutes,
// which name every incident, and that each P1 is named at once.
func TestAStormIsFewMessages(t *testing.T) {
	const incidents = 200
	p1 := map[int]bool{20: true, 88: true, 150: true}
	synctest.Test(t, func(t *testing.T) {
		h := &heardBy{}
		bell, stop := stormed(t, h)
		defer stop()
		mix := []severity.Level{severity.Error, severity.Error, severity.Warning, severity.Critical}
		named := make(map[string]bool)
		for n := range incidents {
			s := mix[n/2%4]
			switch {
			case p1[n]:
				s = severity.Critical
			case n%2 == 0 && s == severity.Critical, n%2 == 1 && s == severity.Warning: // neither a P1 nor a notice
				s = severity.Error
			}
			require.NoError(t, bell.Submit(t.Context(), fault(n, s)))
			if p1[n] {
				synctest.Wait()
				last := h.pages("ana", time.Hour)
				require.NotEmpty(t, last)
				assert.True(t, strings.HasPrefix(last[len(last)-1], time.Since(h.start).String()+" "), "at once: %.80s", last[len(last)-1])
				assert.Contains(t, last[len(last)-1], fmt.Sprintf("P1 fault number %03d", n))
			}
			time.Sleep(600 * time.Millisecond)
		}
		settle(10*time.Minute - time.Since(h.start))
		said := h.pages("ana", 10*time.Minute)
		all := strings.Join(said, "\n")
		list, err := bell.Incidents(t.Context(), tocsin.Query{Limit: 1000})
		require.NoError(t, err)
		require.Len(t, list, incidents)
		priorities := make(map[severity.Priority]int)
		for _, i := range list {
			priorities[i.Priority]++
			named[i.ID] = strings.Contains(all, i.Title) && strings.Contains(all, i.ID)
			assert.True(t, named[i.ID], "%s %s", i.ID, i.Title)
		}
		assert.Equal(t, len(p1), priorities[severity.P1])
		assert.LessOrEqual(t, len(said), 5)
		assert.LessOrEqual(t, len(h.pages("ben", 10*time.Minute)), 5, "level 2")
		for _, text := range said {
			t.Logf("%.110s", strings.ReplaceAll(text, "\n", " | "))
		}
		t.Logf("%d incidents %v: %d calls to ana in ten minutes, %d named", len(list), priorities, len(said), len(named))
	})
}

// six makes six incidents of P2, whose pages are due half a minute later. Two leave, and four wait.
func six(t *testing.T, bell *tocsin.Engine) {
	for n := range 6 {
		require.NoError(t, bell.Submit(t.Context(), fault(2*n, severity.Error)))
		time.Sleep(10 * time.Millisecond)
	}
	settle(31*time.Second - 60*time.Millisecond)
}

// TestPagesThatWait tells what becomes of pages that wait for others.
func TestPagesThatWait(t *testing.T) {
	// six makes six incidents of P2 at once, whose pages are due half a minute later. Two leave, and four wait.
	six := func(t *testing.T, bell *tocsin.Engine) {
		six(t, bell)
	}
	id := func(n int) string { return inc(fmt.Sprintf("loud/shop/s%02d.fault%d/s%02d#1", n%40, n/40, n%40)) }
	for _, c := range []struct {
		name string
		act  func(*testing.T, *tocsin.Engine, *heardBy)
		want []string // the pages to ana in ten minutes: when, how many, and what
	}{
		{"they leave two minutes later", func(*testing.T, *tocsin.Engine, *heardBy) {}, []string{"30s 1 000", "30s 1 002", "2m30s 4 004 006 008 010"}},
		{"an acknowledged one is left out", func(t *testing.T, bell *tocsin.Engine, _ *heardBy) {
			require.NoError(t, bell.Do(t.Context(), respond.Acknowledge{Incident: id(6), By: "ana"}))
		}, []string{"30s 1 000", "30s 1 002", "2m30s 3 004 008 010"}},
		{"an acknowledged one is left out of what a P1 takes along in the next moment", func(t *testing.T, bell *tocsin.Engine, _ *heardBy) {
			require.NoError(t, bell.Do(t.Context(), respond.Acknowledge{Incident: id(6), By: "ana"}))
			require.NoError(t, bell.Submit(t.Context(), fault(20, severity.Critical)))
		}, []string{"30s 1 000", "30s 1 002", "31s 4 020 004 008 010"}},
		{"a resolved one is left out", func(t *testing.T, bell *tocsin.Engine, _ *heardBy) {
			over := fault(8, severity.Error)
			over.Signal = event.Resolve
			require.NoError(t, bell.Submit(t.Context(), over))
		}, []string{"30s 1 000", "30s 1 002", "2m30s 3 004 006 010"}},
		{"the last one leaves as it is", func(t *testing.T, bell *tocsin.Engine, _ *heardBy) {
			for _, n := range []int{6, 8, 10} {
				require.NoError(t, bell.Do(t.Context(), respond.Acknowledge{Incident: id(n), By: "ben"}))
			}
		}, []string{"30s 1 000", "30s 1 002", "2m30s 1 004"}},
		{"a P1 takes them along", func(t *testing.T, bell *tocsin.Engine, _ *heardBy) {
			require.NoError(t, bell.Submit(t.Context(), fault(20, severity.Critical)))
		}, []string{"30s 1 000", "30s 1 002", "31s 5 020 004 006 008 010"}},
		{"one that is raised to P1 takes the others along", func(t *testing.T, bell *tocsin.Engine, _ *heardBy) {
			require.NoError(t, bell.Submit(t.Context(), fault(6, severity.Critical)))
		}, []string{"30s 1 000", "30s 1 002", "31s 4 006 004 008 010"}},
		{"a contact that fails is followed by the next, once for all", func(_ *testing.T, _ *tocsin.Engine, h *heardBy) {
			h.answers(func(m notify.Message) error {
				if m.Channel == "slack" {
					return notify.Permanent(errors.New("gone"))
				}
				return nil
			})
		}, []string{
			"30s 1 000", "30s 1 002", "2m30s 4 004 006 008 010",
			"2m32s 1 004", "2m32s 1 006", "2m32s 1 008", "2m32s 1 010", "2m33s 4 004 006 008 010 over sms",
		}},
		{"one that no channel takes holds no other", func(_ *testing.T, _ *tocsin.Engine, h *heardBy) {
			h.answers(func(m notify.Message) error {
				if strings.Contains(m.Title+m.Text, "008") && m.Channel == "slack" {
					return notify.Permanent(errors.New("bad request"))
				}
				return nil
			})
		}, []string{
			"30s 1 000", "30s 1 002", "2m30s 4 004 006 008 010", "2m32s 1 004", "2m32s 1 006", "2m32s 1 008", "2m32s 1 010", "2m33s 1 008 over sms",
		}},
		{"they are tried again together", func(_ *testing.T, _ *tocsin.Engine, h *heardBy) {
			tries := 0
			h.answers(func(notify.Message) error {
				if tries++; tries == 1 {
					return notify.RetryAfter(errors.New("busy"), 10*time.Second)
				}
				return nil
			})
		}, []string{"30s 1 000", "30s 1 002", "2m30s 4 004 006 008 010", "2m41s 4 004 006 008 010"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &heardBy{}
				bell, stop := stormed(t, h)
				defer stop()
				six(t, bell)
				c.act(t, bell, h)
				settle(4 * time.Minute)
				told := h.told("ana")
				slices.SortStableFunc(told[2:], func(a, b string) int { // of one instant
					x, y := strings.Fields(a), strings.Fields(b)
					return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[2], y[2]))
				})
				assert.Equal(t, c.want, told)
			})
		})
	}
}

// pagesIn returns the pages that a message holds, or that it is.
func pagesIn(m notify.Message) []notify.PageOf {
	if len(m.Pages) > 0 {
		return m.Pages
	}
	return []notify.PageOf{{Key: m.Key, Incident: m.Incident, Priority: m.Priority, Title: m.Title, Summary: m.Summary, Class: m.Class}}
}

// told returns the pages to a person: when, how many pages, the numbers of their faults, and the channel if it is not slack.
func (h *heardBy) told(person string) (lines []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, m := range h.calls {
		if m.Kind != notify.Page || m.Person != person {
			continue
		}
		line := fmt.Sprintf("%v %d", h.at[i].Truncate(100*time.Millisecond), len(pagesIn(m)))
		pages := slices.SortedFunc(slices.Values(pagesIn(m)), func(a, b notify.PageOf) int { // worst first; the others came at the same instant
			return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Summary, b.Summary))
		})
		for _, p := range pages {
			_, number, _ := strings.Cut(p.Title, "number ")
			line += " " + number[:3]
		}
		if m.Channel != "slack" {
			line += " over " + m.Channel
		}
		lines = append(lines, line)
	}
	return lines
}

// TestPagesThatWaitAtTheEnd holds that pages that wait leave when the engine stops.
func TestPagesThatWaitAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heardBy{}
		bell, stop := stormed(t, h)
		six(t, bell)
		stop()
		assert.Equal(t, []string{"30s 1 000", "30s 1 002", "31s 4 004 006 008 010"}, h.told("ana"))
		lines, err := bell.Timeline(t.Context(), inc("loud/shop/s04.fault0/s04#1"))
		require.NoError(t, err)
		var pages []string
		for i := range lines {
			if lines[i].Word.Kind() == incident.KindPage {
				pages = append(pages, lines[i].Line(h.start))
			}
		}
		assert.Equal(t, []string{"+31s  page  level 1  ana  slack  in one message with 3 others"}, pages)
	})
}

// TestAStormOfP1 holds that a P1 waits for no more than the message that is under way, of which the first five do not even wait for that.
func TestAStormOfP1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heardBy{takes: 300 * time.Millisecond}
		bell, stop := stormed(t, h)
		defer stop()
		for n := range 20 {
			require.NoError(t, bell.Submit(t.Context(), fault(2*n, severity.Critical)))
		}
		settle(time.Minute)
		var calls []string
		for _, line := range h.told("ana") {
			calls = append(calls, strings.Join(strings.Fields(line)[:2], " "))
		}
		assert.Equal(t, []string{"0s 1", "0s 1", "0s 1", "0s 1", "0s 1", "300ms 15"}, calls)
		h.takes = 10 * time.Second
		require.NoError(t, bell.Submit(t.Context(), fault(41, severity.Error), fault(80, severity.Critical)))
		settle(5 * time.Second)
		require.NoError(t, bell.Submit(t.Context(), fault(82, severity.Critical)))
		settle(5 * time.Second)
		told := h.told("ana")
		assert.Equal(t, []string{"1m0s 1 080", "1m6s 1 082"}, told[len(told)-2:], "a message that hangs holds a P1 for a second")
		settle(time.Minute)
	})
}
