package tocsin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// signal is an event of a stream, and when it comes. Somebody must hear of it if it is news.
type signal struct {
	at   time.Duration
	news bool
	event.Event
}

// ear is a notifier that keeps what it was given, and when.
type ear struct {
	inbox
	began time.Time
	at    []time.Duration // of each message
}

func (e *ear) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	e.mu.Lock()
	e.at = append(e.at, time.Since(e.began))
	e.mu.Unlock()
	return e.inbox.Notify(ctx, m)
}

const (
	joinsWithin = 5 * time.Minute  // how long the news of alerts that join an open incident may wait for more of them
	groupWait   = 30 * time.Second // how long the first page of an incident may wait for more alerts
)

// hears says how somebody heard of what began at the instant: by a message that names it, as alerts that join do after some minutes; or by
// the first page of an incident that waited for more alerts: it names the first of them and says how many there are.
func (e *ear) hears(at time.Duration, name string) (named, heard bool) {
	for i, m := range e.messages {
		calm := slices.Contains([]notify.Occasion{notify.OccasionRecovered, notify.OccasionOver, notify.OccasionQuiet}, m.Occasion)
		if calm || e.at[i] < at || e.at[i] > at+joinsWithin {
			continue
		}
		named = named || strings.Contains(m.Title+"\n"+m.Text+"\n"+m.Note, name)
		heard = heard || named || e.at[i] <= at+groupWait && m.Alerts > 1
	}
	return named, heard
}

// account is what became of the news of a stream.
type account struct {
	news, named, messages int
	unheard               []string
}

func (a *account) String() string {
	return fmt.Sprintf("%d of %d heard, %d by a message that names it, %d messages", a.news-len(a.unheard), a.news, a.named, a.messages)
}

// overhear plays a stream to an engine with the catalog.
func overhear(t *testing.T, c *catalog.Catalog, stream []signal) *account {
	a := &account{}
	synctest.Test(t, func(t *testing.T) {
		e := &ear{began: time.Now()}
		compiled, err := c.Compile()
		require.NoError(t, err)
		config := tocsin.Config{Catalog: c, Notifiers: map[string]notify.Notifier{}}
		for _, channel := range compiled.Channels() {
			config.Notifiers[channel] = e
		}
		bell, err := tocsin.New(&config)
		require.NoError(t, err)
		stop := run(t, bell)
		for _, s := range stream {
			settle(s.at - time.Since(e.began))
			require.NoError(t, bell.Submit(t.Context(), s.Event))
		}
		settle(time.Hour)
		stop()
		a.messages = len(e.messages)
		for _, s := range stream {
			if s.news {
				a.count(s, e)
			}
		}
	})
	return a
}

func (a *account) count(s signal, e *ear) {
	a.news++
	named, heard := e.hears(s.at, s.Summary)
	if named {
		a.named++
	}
	if !heard {
		a.unheard = append(a.unheard, fmt.Sprintf("+%v %s", s.at, s.Summary))
	}
}

// sorted orders a stream by time.
func sorted(stream []signal) []signal {
	slices.SortStableFunc(stream, func(a, b signal) int { return int(a.at - b.at) })
	return stream
}

// probes is a catalog of one class of alerts without a service, whose plan groups as by default and pages two levels.
func probes(class event.Class) *catalog.Catalog {
	c := twoLevels()
	c.Classes = []event.Class{class}
	c.Plans = map[string]catalog.Plan{"loud": {Policy: "two"}}
	return c
}

// outages draws a month in which sites go down, each one by itself, until their sender says that they are up.
func outages(r *rand.Rand, count, sites int, site func(name string) event.Event) []signal {
	type span struct{ from, to time.Duration }
	down := make(map[int][]span)
	var stream []signal
	for len(stream) < 2*count {
		n, from := r.IntN(sites), time.Duration(r.Int64N(int64(30*24*time.Hour)))
		to := from + time.Minute + time.Duration(r.ExpFloat64()*float64(time.Hour))
		apart := func(s span) bool { return from < s.to+time.Minute && s.from < to+time.Minute }
		if slices.ContainsFunc(down[n], apart) {
			continue
		}
		down[n] = append(down[n], span{from, to})
		e := site(fmt.Sprintf("site-%02d", n))
		stream = append(stream, signal{from, true, e})
		e.Signal = event.Resolve
		stream = append(stream, signal{to, false, e})
	}
	return sorted(stream)
}

// TestOutages: of 200 outages of 33 sites each is heard, though many fall into an incident that is open.
func TestOutages(t *testing.T) {
	const count, sites = 200, 33
	seed := streamSeed()
	class := event.Class{Name: "probe.down", Severity: severity.Error, Dedup: []string{"subject", "labels.site"}}
	down := func(summary string) event.Event {
		return event.Event{Type: class.Name, Summary: summary + " is down", Severity: class.Severity}
	}
	bySubject := func(name string) event.Event {
		e := down(name)
		e.Subject = name
		return e
	}
	byLabel := func(name string) event.Event {
		e := down(name)
		e.Labels = map[string]string{"site": name}
		return e
	}
	for _, tt := range []struct {
		name    string
		catalog *catalog.Catalog
		site    func(string) event.Event
	}{
		{"the built-in catalog, sites as subjects", catalog.Builtin([]event.Class{class}), bySubject},
		{"the built-in catalog, sites as labels", catalog.Builtin([]event.Class{class}), byLabel},
		{"two levels, sites as subjects", probes(class), bySubject},
		{"two levels, sites as labels", probes(class), byLabel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := overhear(t, tt.catalog, outages(rand.New(rand.NewPCG(seed, 1)), count, sites, tt.site))
			t.Logf("outages of %d sites: %v, seed %d", sites, got, seed)
			require.Equal(t, count, got.news)
			require.Empty(t, got.unheard, "seed %d", seed)
		})
	}
}

// bursts draws alerts whose sender never tells an end: a series fires every few minutes for up to two hours, and then for more than
// six hours not at all.
func bursts(r *rand.Rand, series int, of func(name string) event.Event) (stream []signal) {
	for n := range series {
		at := time.Duration(r.Int64N(int64(24 * time.Hour)))
		for at < 14*24*time.Hour {
			for i := range 1 + r.IntN(20) {
				e := of(fmt.Sprintf("series-%02d", n))
				stream = append(stream, signal{at, i == 0, e})
				at += time.Duration(1+r.IntN(6)) * time.Minute
			}
			at += 6*time.Hour + time.Minute + time.Duration(r.ExpFloat64()*float64(12*time.Hour))
		}
	}
	return sorted(stream)
}

// TestSeries: 47 series of alerts without an end, under the catalog of an engine that is given none. Each burst after six hours of
// quiet is heard.
func TestSeries(t *testing.T) {
	const series = 47
	seed := streamSeed()
	class := event.Class{Name: "metric.high", Severity: severity.Error, Dedup: []string{"subject", "labels.series"}}
	for _, tt := range []struct {
		name string
		of   func(string) event.Event
	}{
		{"series as subjects", func(name string) event.Event {
			return event.Event{Type: class.Name, Subject: name, Summary: name + " is high", Severity: class.Severity}
		}},
		{"series as labels", func(name string) event.Event {
			return event.Event{Type: class.Name, Labels: map[string]string{"series": name}, Summary: name + " is high", Severity: class.Severity}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stream := bursts(rand.New(rand.NewPCG(seed, 2)), series, tt.of)
			got := overhear(t, catalog.Builtin([]event.Class{class}), stream)
			t.Logf("bursts of %d series, %d triggers: %v, seed %d", series, len(stream), got, seed)
			require.Greater(t, got.news, 10*series)
			require.Empty(t, got.unheard, "seed %d", seed)
		})
	}
}

// streamSeed is where the streams begin: always the same, or at random with TOCSIN_LONG=1.
func streamSeed() uint64 {
	if os.Getenv("TOCSIN_LONG") == "1" {
		return rand.Uint64()
	}
	return 1
}
