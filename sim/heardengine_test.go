package sim_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestEveryAlertIsHeardByEngine plays the beginnings of histories through the engine, in a bubble: with rates, with providers that ask for
// pauses, and with ones that are away until the breaker opens.
func TestEveryAlertIsHeardByEngine(t *testing.T) {
	kind, seed, one := strings.Cut(os.Getenv("TOCSIN_HEARD"), "/")
	n, _ := strconv.Atoi(kind + seed)
	if one {
		n, _ = strconv.Atoi(seed)
		synctest.Test(t, func(t *testing.T) { t.Logf("%s", playEngine(t, historyOf(kindNamed(kind), int64(n))).story()) })
		return
	}
	histories := cmp.Or(n, 24)
	if long() {
		histories = cmp.Or(n, 300)
	}
	sums := map[string]*tally{}
	for i := range histories {
		k := &senderKinds[i%len(senderKinds)]
		if sums[k.name] == nil {
			sums[k.name] = newTally()
		}
		synctest.Test(t, func(t *testing.T) { sums[k.name].check(playEngine(t, historyOf(k, int64(i/len(senderKinds)+1)))) })
	}
	report(t, sums)
}

// span is how much of a history an engine plays.
const span = 8 * time.Hour

// cut leaves out what comes after the instant.
func (h *history) cut(at time.Duration) {
	h.signals = slices.DeleteFunc(h.signals, func(g *signal) bool { return g.at >= at })
	h.end = min(h.end, at+time.Hour)
}

// bureau is an engine, and who takes its messages.
type bureau struct {
	*tocsin.Engine
	t     testing.TB
	start time.Time
	store *memory.Store
	core  *core.Core

	mu    sync.Mutex
	mail  []mail
	fails map[string]error

	entries []sim.Entry
	known   map[string]int // by incident or alert: how many of its entries are known
	looked  int            // how much mail had come when the timelines were last read
	stale   bool
}

// mail is a try to send a message.
type mail struct {
	notify.Message
	at time.Duration
}

func (b *bureau) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mail = append(b.mail, mail{m, time.Since(b.start)})
	return notify.Receipt{}, b.fails[m.Channel]
}

func (b *bureau) Fail(channel string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails[channel] = err
}

// Submit submits events, whose times are shifted to those of the bubble.
func (b *bureau) Submit(events ...event.Event) error {
	for i := range events {
		if e := &events[i]; !e.Time.IsZero() {
			e.Time = b.start.Add(e.Time.Sub(t0))
		}
	}
	b.stale = true
	return b.Engine.Submit(b.t.Context(), events...)
}

func (b *bureau) Do(c respond.Command) error {
	b.stale = true
	return b.Engine.Do(b.t.Context(), c)
}

func (b *bureau) Incidents() ([]incident.Incident, error) {
	return b.Engine.Incidents(b.t.Context(), tocsin.Query{Limit: 1000})
}

func (b *bureau) Alerts() ([]incident.Alert, error) {
	return b.Engine.Alerts(b.t.Context(), tocsin.AlertQuery{Limit: 1000})
}

// Tail reads the timelines, where something may have changed, and returns the entries from the n-th on.
func (b *bureau) Tail(n int) []sim.Entry {
	synctest.Wait()
	b.mu.Lock()
	came := len(b.mail)
	b.mu.Unlock()
	if came > b.looked || b.stale {
		b.looked, b.stale = came, false
		b.read()
	}
	return b.entries[n:]
}

func (b *bureau) read() {
	incidents, err := b.Incidents()
	require.NoError(b.t, err)
	alerts, err := b.Alerts()
	require.NoError(b.t, err)
	var ids []string
	for i := range alerts {
		ids = append(ids, alerts[i].ID)
	}
	for i := range incidents {
		ids = append(ids, incidents[i].ID)
	}
	var fresh []sim.Entry
	for _, id := range ids {
		entries, err := b.Timeline(b.t.Context(), id)
		require.NoError(b.t, err)
		for _, e := range entries[b.known[id]:] {
			e.At = t0.Add(e.At.Sub(b.start))
			fresh = append(fresh, sim.Entry{About: id, Entry: e})
		}
		b.known[id] = len(entries)
	}
	slices.SortStableFunc(fresh, func(x, y sim.Entry) int { return x.At.Compare(y.At) })
	b.entries = append(b.entries, fresh...)
}

// madeAt returns when the message was made whose first try was at the instant.
func (b *bureau) madeAt(m *message, tried time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.mail) - 1; i >= 0; i-- {
		l := &b.mail[i]
		what, who := l.Note, cmp.Or(l.Person, l.Channel+":"+l.To)
		if l.Level > 0 {
			what = fmt.Sprintf("level %d", l.Level)
		}
		if l.To == "" && l.Person == "" {
			who = l.Channel
		}
		if l.at <= tried && l.Incident == m.incident && string(l.Kind) == string(m.kind) && what == m.what && who == m.who {
			return l.At.Sub(b.start)
		}
	}
	return tried
}

// playEngine plays the beginning of a history through an engine. It must be called inside a bubble.
func playEngine(t *testing.T, h *history) *player {
	h.cut(span)
	h.person.interrupted = true
	rate := automate.Rate{Count: 2, Per: time.Minute}
	plain := h.world.make
	busy := func(other bool) *catalog.Catalog { return rated(plain(other), rate) }
	channels, err := busy(false).Compile()
	require.NoError(t, err)
	notifiers := map[string]notify.Notifier{}
	b := &bureau{t: t, start: time.Now(), store: memory.New(), core: core.New(), fails: map[string]error{}, known: map[string]int{}}
	for _, channel := range channels.Channels() {
		notifiers[channel] = b
	}
	b.Engine, err = tocsin.New(&tocsin.Config{
		Catalog: busy(false), Store: b.store, Notifiers: notifiers, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	w := *h.world
	w.make = busy
	h.world = &w
	p := newPlayer(t, h, b, b.start)
	p.post.madeAt = b.madeAt
	for p.now < h.end {
		due := min(p.next(h.end), p.now+30*time.Second)
		time.Sleep(due - time.Since(b.start))
		p.now = due
		p.watch()
		for p.take(due) {
			p.watch()
		}
	}
	stop()
	require.NoError(t, <-done)
	return p
}
