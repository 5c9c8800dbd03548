package tocsin_test

import (
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
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestRow08: when the time of a message is spent the next contact is asked at once, after the last one the next level, and
// what failed is a dead letter that comes again when somebody asks for it, and a finding.
func TestRow08(t *testing.T) {
	const day = 24 * time.Hour
	id := inc("pay.x/checkout#1")
	t.Run("the next contact and the next level are asked at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			defer h.stop()
			h.in.answer = func(m notify.Message) error {
				if m.Person == "ana" && m.Class == "pay.x" {
					return notify.RetryAfter(errors.New("busy"), 3*time.Minute) // longer than level 1 waits
				}
				return nil
			}
			require.NoError(t, h.Submit(t.Context(), critical("x")))
			settle(0)
			assert.Subset(t, lines(t, h, id), []string{
				"+0s  page  level 1  ana  slack  failed: slack: busy: held for 3m by the provider (1 tries)",
				"+0s  page  level 1  ana  sms  failed: sms: busy: held for 3m by the provider (1 tries)",
				"+0s  level 2  pages ben",
				"+0s  page  level 2  ben  slack",
			})
			dead := letters(t, h)
			require.Len(t, dead, 2)
			for i, channel := range []string{"slack", "sms"} {
				assert.Equal(t, channel, dead[i].Channel)
				assert.Contains(t, dead[i].Why, "busy")
			}
			finding, err := h.Incident(t.Context(), inc("tocsin.dead-letter/"+id+"#1"))
			require.NoError(t, err)
			assert.Contains(t, finding.Title, "no contact takes messages for ana")

			h.in.answer = nil
			require.NoError(t, h.Do(t.Context(), respond.Resend{Letter: dead[0].Message, By: "ben"}))
			settle(0)
			assert.Contains(t, lines(t, h, id), "+0s  page  level 1  ana  slack")
			assert.Len(t, letters(t, h), 1)
		})
	})
	t.Run("a P1 is tried until somebody answers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := twoLevels()
			c.Policies["two"] = escalate.Policy{Levels: c.Policies["two"].Levels} // repeats as a P1 does
			h := start(t, c, "slack", "sms")
			defer h.stop()
			var mu sync.Mutex
			began := time.Now()
			var tries []time.Duration // since then
			h.in.answer = func(m notify.Message) error {
				mu.Lock()
				defer mu.Unlock()
				after := time.Since(began)
				if m.Class == "pay.x" && m.Kind == notify.Page {
					tries = append(tries, after)
				}
				if after < day {
					return notify.RetryAfter(errors.New("busy"), 2*time.Minute)
				}
				return nil
			}
			require.NoError(t, h.Submit(t.Context(), critical("x")))
			settle(day + 6*time.Minute)
			require.NoError(t, h.Do(t.Context(), respond.Acknowledge{Incident: id, By: "ana"}))
			settle(20 * time.Minute)
			mu.Lock()
			defer mu.Unlock()
			hours := make(map[int]bool)
			for _, at := range tries {
				hours[int(at.Hours())] = true
				assert.Less(t, at, day+6*time.Minute, "after the acknowledgement")
			}
			assert.Len(t, hours, 25, "some in every hour of a day, and when the provider is back")
		})
	})
}

// poison is a schedule and a strategy that panic.
type poison struct{}

func (poison) OnCall(time.Time) []escalate.PersonID { panic("poison") }

func (poison) Pick(*escalate.Choice) []escalate.Recipient { panic("poison") }

// poisons are the things of the house's own that may fail about an event, and who is paged all the same.
var poisons = []struct{ kind, paged string }{
	{"schedule", "ben"}, // level 1 reaches nobody
	{"strategy", "ben"}, // whoever the level means
	{"template", "ana"},
	{"rule", "ana"},         // the next rule decides
	{"notifier", "ana ana"}, // over one contact after the other
}

// poisonous is twoLevels with classes of each of the poisons.
func poisonous() *catalog.Catalog {
	c := twoLevels()
	c.Schedules = map[string]escalate.Schedule{"broken": poison{}}
	c.Strategies = map[string]escalate.Strategy{"broken": poison{}}
	c.Teams["lost"] = catalog.Team{Members: []escalate.PersonID{"ana"}, Schedule: "broken", Lead: "ben"}
	c.Services["lost"] = catalog.Service{Owner: "lost", Tier: 1}
	c.Classes = append(c.Classes, event.Class{Name: "poison.*", Service: "checkout"},
		event.Class{Name: "poison.schedule.*", Service: "lost"}, event.Class{Name: "poison.strategy.*", Service: "checkout", Plan: "picky"})
	c.Plans["picky"] = catalog.Plan{Policy: "picky"}
	c.Policies["picky"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"person:ben"}, Wait: time.Hour, Strategy: "broken"}}}
	c.Routes = []catalog.Route{
		{ID: "broken", When: `event.type.startsWith("poison.rule.") && event.data.rate > 3`, Plan: "loud"},
		{ID: "picky", When: `event.type.startsWith("poison.strategy.")`, Plan: "picky"},
		{ID: "all", When: `true`, Plan: "loud"},
	}
	c.Messages = map[notify.Kind]notify.Template{notify.Page: {
		Title: `{{if eq .Class "poison.template.2"}}{{.At.In nil}}{{end}}{{.Summary}}`,
	}}
	return c
}

// TestRow09: of 1,000 events every hundredth is one that a schedule, a strategy, a template, a rule or a notifier cannot stand.
// All others are paged as ever, the engine goes on, and the poisonous ones are paged, too: their timelines say what failed and
// what was done instead, and there is one finding about each part that failed.
func TestRow09(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, poisonous(), "slack", "sms")
		defer h.stop()
		h.in.answer = func(m notify.Message) error {
			for _, p := range pagesIn(m) {
				if strings.HasPrefix(p.Class, "poison.notifier.") && m.Channel == "slack" {
					panic("poison")
				}
			}
			return nil
		}
		want := make(map[string]string) // who is paged, by summary
		for i := range 1_000 {
			e := critical(fmt.Sprint(i))
			want[e.Summary] = "ana"
			if i%100 == 50 {
				p := poisons[i/100%len(poisons)]
				e.Type, want[e.Summary] = fmt.Sprintf("poison.%s.%d", p.kind, i/100), p.paged
			}
			require.NoError(t, h.Submit(t.Context(), e))
		}
		broken := critical("x")
		broken.Summary = "\xff"
		var rejected *event.RejectedError
		require.ErrorAs(t, h.Submit(t.Context(), broken), &rejected, "who sends what is no event is told")
		settle(time.Minute)

		require.NoError(t, h.Health(t.Context()))
		paged, titles := make(map[string]string), make(map[string]string)
		for _, m := range h.in.messages {
			if m.Kind == notify.Page && !event.IsFinding(m.Class) {
				for _, p := range pagesIn(m) {
					if titles[p.Summary+m.Channel] == "" { // else it is tried again in a smaller message
						paged[p.Summary] = strings.TrimSpace(paged[p.Summary] + " " + m.Person)
					}
					titles[p.Summary+m.Channel] = p.Title
				}
			}
		}
		assert.Equal(t, want, paged)
		assert.Equal(t, "P1 250", titles["250slack"], "plain text")
		dead := letters(t, h)
		require.Len(t, dead, 2)
		for _, letter := range dead {
			assert.Contains(t, letter.Why, "it panicked")
		}
		for id, why := range map[string]string{
			inc("loud/lost/poison.schedule.0/lost#1"):          "+0s  broken schedule broken  it panicked: poison; nobody is on call by it",
			inc("loud/lost/poison.schedule.5/lost#1"):          "+0s  broken schedule broken  it panicked: poison; nobody is on call by it",
			inc("picky/payments/poison.strategy.1/checkout#1"): "+0s  broken strategy broken  it panicked: poison; everybody whom the level means is reached",
			inc("poison.template.2/checkout#1"): `+0s  broken template page  template: page title:1:41: executing "page title" at <.At.In>: ` +
				"error calling In: time: missing Location in call to Time.In; it is sent in plain words",
		} {
			assert.Contains(t, lines(t, h, id), why)
		}
		for id, why := range map[string]string{
			inc("tocsin.rule-error/broken#1"):                                                 "no such key: rate",
			inc("tocsin.uncovered-level/" + inc("loud/lost/poison.schedule.0/lost#1") + "#1"): "level 1 of policy two reaches nobody",
			inc("tocsin.catalog-error/schedule%20broken#1"):                                   "schedule broken: it panicked: poison; nobody is on call by it",
			inc("tocsin.catalog-error/strategy%20broken#1"):                                   "strategy broken: it panicked: poison; everybody whom the level means is reached",
			inc("tocsin.catalog-error/template%20page#1"):                                     "missing Location in call to Time.In; it is sent in plain words",
		} {
			inc, err := h.Incident(t.Context(), id)
			require.NoError(t, err)
			assert.Contains(t, inc.Title, why)
			assert.Equal(t, 1, inc.Alerts)
		}
	})
}

// TestRow09Own: where even those who own findings are on call by a schedule that panics there is one finding about it, and none
// about the response to that.
func TestRow09Own(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := poisonous()
		c.Defaults.Owner = "lost"
		c.Runbooks = map[string]automate.Runbook{"look": {
			Owner: "lost", Mode: automate.Approve, When: `event.type == "poison.schedule.x"`, Steps: []automate.Step{{Ask: "well?"}},
		}}
		h := start(t, c, "slack", "sms")
		defer h.stop()
		x := critical("x")
		x.Type = "poison.schedule.x"
		require.NoError(t, h.Submit(t.Context(), x))
		settle(20 * time.Minute)
		const told = "  broken schedule broken  it panicked: poison; nobody is on call by it"
		assert.Equal(t, []string{"+0s" + told, "+0s" + told, "+3m" + told, "+6m" + told}, having(lines(t, h, inc("loud/lost/poison.schedule.x/lost#1")), told),
			"for the runbook that asks, and in every round")
		assert.Equal(t, []string{"+30s" + told}, having(lines(t, h, inc("tocsin.catalog-error/schedule%20broken#1")), told))
		text, err := h.Explain(t.Context(), "tocsin/tocsin.catalog-error/schedule%20broken")
		require.NoError(t, err)
		assert.Contains(t, text, "came 4 times")
		all, err := h.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		var about []string
		for _, inc := range all {
			if event.IsFinding(inc.Class) {
				about = append(about, inc.Class)
			}
		}
		assert.ElementsMatch(t, []string{"tocsin.uncovered-level", "tocsin.catalog-error", "tocsin.exhausted"}, about)
	})
}

func having(lines []string, part string) []string {
	return slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, part) })
}

// TestRow08Last: where nothing comes next the last page is tried for a day, be its provider away or the engine itself.
func TestRow08Last(t *testing.T) {
	t.Run("the provider is away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := twoLevels()
			c.Classes[0].StaleAfter = 0
			c.Policies["two"] = escalate.Policy{Repeat: new(0), Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 5 * time.Minute}}}
			h := start(t, c, "slack", "sms")
			defer h.stop()
			var mu sync.Mutex
			began, hours := time.Now(), make(map[int]bool)
			h.in.answer = func(m notify.Message) error {
				mu.Lock()
				defer mu.Unlock()
				if m.Class == "pay.x" {
					hours[int(time.Since(began).Hours())] = true
				}
				return errors.New("reset")
			}
			x := critical("x")
			x.Severity = severity.Warning // P3
			require.NoError(t, h.Submit(t.Context(), x))
			settle(25 * time.Hour)
			mu.Lock()
			defer mu.Unlock()
			assert.GreaterOrEqual(t, len(hours), 24)
		})
	})
	t.Run("the engine is away for longer than the policy lasts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept, in := memory.New(), &inbox{}
			bell, stop := begin(t, kept, in)
			require.NoError(t, bell.Submit(t.Context(), critical("x")))
			settle(time.Second)
			stop()
			in.messages = nil
			settle(30 * time.Minute) // the policy of twoLevels is spent after a quarter of an hour
			_, stop = begin(t, kept, in)
			settle(time.Second)
			stop()
			assert.Contains(t, in.lines(), "page benslack x")
		})
	})
}
