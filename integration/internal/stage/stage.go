package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric/noop"
	nospans "go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Stage is engines over one store. But for their own calls it is for one goroutine, that of the bubble's test.
type Stage struct {
	Witness
	// Answer says in calm what becomes of a message. nil: it is accepted.
	Answer func() Fate

	t        *testing.T
	gate     gate
	kept     store.Store
	catalogs []*catalog.Catalog // that of an engine, by its place
	engines  []*player
	ended    []chan error
	people   int
}

// player is one life of an engine.
type player struct {
	*tocsin.Engine
	name string
	dead atomic.Bool
	end  context.CancelFunc
}

// New puts an engine on the stage for each of the catalogs.
func New(t *testing.T, kept store.Store, catalogs ...*catalog.Catalog) *Stage {
	t.Helper()
	s := &Stage{t: t, kept: kept, catalogs: catalogs, Witness: newWitness()}
	for i := range catalogs {
		s.engines = append(s.engines, s.begin(i))
	}
	return s
}

// begin lets an engine run in a place.
func (s *Stage) begin(place int) *player {
	s.t.Helper()
	p := &player{name: fmt.Sprintf("engine %d.%d", place, len(s.ended))}
	h := &handle{stage: s, of: p}
	n := notify.NotifierFunc(h.notify)
	var err error
	p.Engine, err = tocsin.New(&tocsin.Config{
		Catalog: s.catalogs[place], Store: h, Notifiers: map[string]notify.Notifier{"slack": n, "sms": n}, StopWithin: time.Nanosecond,
		MeterProvider: noop.NewMeterProvider(), TracerProvider: nospans.NewTracerProvider(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var ctx context.Context
	ctx, p.end = context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	s.ended = append(s.ended, done)
	go func() { done <- p.Run(ctx) }()
	synctest.Wait() // it looks for what is due; that it does so once more would be chance, but for this
	s.reload(p, s.catalogs[place])
	return p
}

// Held returns the calls that are held, once every engine has looked at what is due.
func (s *Stage) Held() []*Call {
	for {
		held := s.gate.sorted()
		looks := 0
		for _, c := range held {
			if c.kind == look {
				s.gate.let(c, Through)
				looks++
			}
		}
		if looks == 0 {
			return held
		}
	}
}

// Let lets a call go.
func (s *Stage) Let(c *Call, fate Fate) { s.gate.let(c, fate) }

// Alone lets go of what follows from do, and holds everything else.
func (s *Stage) Alone(do func()) {
	others := s.Held()
	do()
	for {
		held := s.Held()
		i := slices.IndexFunc(held, func(c *Call) bool { return !slices.Contains(others, c) })
		if i < 0 {
			return
		}
		s.Let(held[i], Through)
	}
}

// Pass lets time pass, in which nothing goes on but looks at what is due.
func (s *Stage) Pass(d time.Duration) {
	for end := time.Now().Add(d); ; {
		s.Held()
		left := time.Until(end)
		if left <= 0 {
			return
		}
		time.Sleep(min(left, 30*time.Second))
	}
}

// Calm lets time pass, in which the store is well.
func (s *Stage) Calm(d time.Duration) {
	for end := time.Now().Add(d); ; {
		if held := s.Held(); len(held) > 0 {
			fate := Through
			if held[0].kind == send && s.Answer != nil {
				fate = s.Answer()
			}
			s.Let(held[0], fate)
			continue
		}
		left := time.Until(end)
		if left <= 0 {
			return
		}
		time.Sleep(min(left, 30*time.Second))
	}
}

// Crash ends an engine as a crash does: nothing that it was about to do is done, and nobody hears of it. Another one takes its
// place.
func (s *Stage) Crash(place int) {
	s.kill(s.engines[place])
	s.engines[place] = s.begin(place)
}

func (s *Stage) kill(p *player) {
	p.dead.Store(true)
	p.end()
	for _, c := range s.gate.sorted() {
		if strings.HasPrefix(c.Label, p.name+" ") {
			s.gate.let(c, Through)
		}
	}
	synctest.Wait()
}

// Reload gives the engine in a place the catalog.
func (s *Stage) Reload(place int, c *catalog.Catalog) {
	s.t.Helper()
	s.catalogs[place] = c
	s.reload(s.engines[place], c)
}

func (s *Stage) reload(p *player, c *catalog.Catalog) {
	s.t.Helper()
	if err := p.Reload(c); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
}

// Submit has somebody send an event, until an engine has answered for it.
func (s *Stage) Submit(e event.Event) {
	s.person(func(p *player) error { return p.Submit(s.t.Context(), e) }, nil)
}

// Do has a person give a command, until an engine has answered for it. What was answered without an error is in [Witness.Done].
func (s *Stage) Do(c respond.Command) {
	s.person(func(p *player) error { return p.Do(s.t.Context(), c) }, func() { s.Done = append(s.Done, c) })
}

// person asks one engine after the other, and is held before each.
func (s *Stage) person(tell func(*player) error, done func()) {
	s.people++
	first := s.people
	go func() {
		for try := 0; ; try++ {
			s.gate.hold(ask, fmt.Sprintf("person %d.%d", first, try))
			err := tell(s.engines[(first+try)%len(s.engines)])
			var refused *respond.RefusedError
			if err == nil && done != nil {
				done()
			}
			if err == nil || errors.As(err, &refused) {
				return
			}
		}
	}()
	synctest.Wait()
}

// End ends every engine.
func (s *Stage) End() {
	s.t.Helper()
	if held := s.Held(); len(held) > 0 {
		s.t.Errorf("%d calls are still held, the first is %s", len(held), held[0].Label)
	}
	for _, p := range s.engines {
		s.kill(p)
	}
	for _, done := range s.ended {
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	}
}
