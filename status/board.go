package status

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
)

const (
	turn     = time.Second      // from one look at the engine to the next
	blindAge = 15 * time.Second // how old the last good look may be before the board cannot say how things stand
	pageOf   = 1000             // incidents in one read
	endedMax = 2000             // resolved incidents that are looked through for those of the last day
	dayAgo   = 24 * time.Hour
	gapsFor  = 14 * dayAgo // how far ahead gaps are looked for
)

// board is what all viewers of a tenant see. It is read from the engine once for all of them.
type board struct {
	engine *tocsin.Engine
	tenant string

	latest  atomic.Pointer[projection]
	reading sync.Mutex // held while the engine is read; guards what follows
	slow    slowly

	watching sync.Mutex // guards what follows
	streams  int        // event streams that are open
	stop     context.CancelFunc
	stopped  chan struct{}
}

// projection is one look at the engine. It does not change.
type projection struct {
	Snapshot // Now is not set
	version  uint64
	read     time.Time     // when the look was taken
	detail   string        // of Fault, for those who run the engine
	ended    []span        // incidents that resolved in the last day
	took     time.Duration // how long that was
	next     chan struct{} // closed when there is a projection that shows something else
	rendered sync.Map      // fragments of pages by what they depend on
}

// slowly holds what is read once a minute.
type slowly struct {
	read    time.Time
	ended   []span
	last    time.Time
	letters int
	lost    []Lost
}

// span is the time in which an incident was open.
type span struct {
	Incident
	End  time.Time // zero: it still is
	Took time.Time // when somebody took it; zero: nobody did
}

func newBoard(e *tocsin.Engine, tenant string) *board {
	b := &board{engine: e, tenant: tenant}
	b.latest.Store(&projection{next: make(chan struct{})})
	return b
}

// fresh returns a projection that is at most a turn old, or what could be read last.
func (b *board) fresh(ctx context.Context) *projection {
	if p := b.latest.Load(); time.Since(p.read) < turn {
		return p
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	if p := b.latest.Load(); time.Since(p.read) < turn {
		return p
	}
	return b.read(ctx)
}

// look takes a look now, such as after a command.
func (b *board) look(ctx context.Context) *projection {
	b.reading.Lock()
	defer b.reading.Unlock()
	return b.read(ctx)
}

// read makes the next projection. A look that fails keeps what the last good one saw.
func (b *board) read(ctx context.Context) *projection {
	old, now := b.latest.Load(), time.Now()
	p := &projection{Snapshot: old.Snapshot, version: old.version + 1, read: now, next: make(chan struct{}), ended: old.ended}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), blindAge/3)
	defer cancel()
	open, err := b.open(ctx)
	if err == nil {
		err = b.readSlowly(ctx, now)
	}
	switch sick := b.engine.Health(ctx); {
	case err != nil:
		p.failed(now, "the store does not answer", err)
	case sick != nil:
		if p.AsOf.IsZero() {
			b.fill(p, open, now)
		}
		p.failed(now, "nothing is delivered", sick)
	default:
		b.fill(p, open, now)
		p.AsOf, p.Fault, p.detail = now, "", ""
	}
	p.took = time.Since(now)
	if p.same(old) {
		p.version, p.next = old.version, old.next
		b.latest.Store(p)
		return p
	}
	b.latest.Store(p)
	close(old.next)
	return p
}

// same reports whether two projections show the same but for the time.
func (p *projection) same(old *projection) bool {
	a, b := p.Snapshot, old.Snapshot
	a.AsOf, b.AsOf = time.Time{}, time.Time{}
	return old.version > 0 && p.detail == old.detail && reflect.DeepEqual(a, b)
}

// failed notes why the board does not know how things stand. A short failure is none.
func (p *projection) failed(now time.Time, fault string, err error) {
	if p.AsOf.IsZero() {
		p.AsOf = now
	} else if now.Sub(p.AsOf) < blindAge {
		return
	}
	p.Fault, p.detail = fault, err.Error()
}

// open returns every incident that has not resolved.
func (b *board) open(ctx context.Context) (all []incident.Incident, err error) {
	for _, phase := range []incident.Phase{incident.Active, incident.Monitoring} {
		q := tocsin.Query{Tenant: b.tenant, Phase: phase, Limit: pageOf}
		for {
			page, err := b.engine.Incidents(ctx, q)
			if err != nil {
				return nil, err
			}
			if all = append(all, page...); len(page) < pageOf {
				break
			}
			q.After = page[len(page)-1].ID
		}
	}
	return all, nil
}

// readSlowly reads what changes seldom: what has ended, and which messages failed for good.
func (b *board) readSlowly(ctx context.Context, now time.Time) error {
	if now.Sub(b.slow.read) < time.Minute {
		return nil
	}
	s := slowly{read: now}
	cat := b.engine.Catalog()
	q := tocsin.Query{Tenant: b.tenant, Phase: incident.Resolved, Limit: endedMax}
	ended, err := b.engine.Incidents(ctx, q)
	if err != nil {
		return err
	}
	for k := range ended {
		i := &ended[k]
		if i.Resolved.After(s.last) {
			s.last = i.Resolved
		}
		if now.Sub(i.Resolved) < dayAgo {
			s.ended = append(s.ended, span{Incident: row(cat, i, now), End: i.Resolved, Took: i.Taken})
		}
	}
	for letter, err := range b.engine.DeadLetters(ctx, b.tenant) {
		switch {
		case letter.Key == "" && err != nil:
			return err
		case err != nil:
			continue
		}
		if s.letters++; letter.Kind == notify.Page && now.Sub(letter.Died) < dayAgo && letter.Priority != 0 {
			s.lost = append(s.lost, lostOf(&letter))
		}
	}
	slices.SortStableFunc(s.lost, func(a, b Lost) int { return cmp.Or(cmp.Compare(a.Priority, b.Priority), b.Died.Compare(a.Died)) })
	b.slow = s
	return nil
}

func lostOf(d *tocsin.DeadLetter) Lost {
	return Lost{
		To: cmp.Or(d.Person, "a room"), Channel: d.Channel, Priority: d.Priority, Incident: d.Incident, Title: cmp.Or(d.Summary, d.Title),
		Why: d.Why, Died: d.Died,
	}
}

// fill puts what was read into a projection.
func (b *board) fill(p *projection, open []incident.Incident, now time.Time) {
	cat := b.engine.Catalog()
	source := cat.Source()
	p.Services, p.OnCall, p.Gaps = len(source.Services), duties(cat, now), gaps(cat, now)
	p.Open, p.Asks, p.Sending = make([]Incident, len(open)), nil, 0
	for i := range open {
		p.Open[i] = row(cat, &open[i], now)
		p.Asks = append(p.Asks, asksOf(&open[i])...)
		p.Sending += len(open[i].Pending)
	}
	slices.SortFunc(p.Open, func(a, b Incident) int { return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), a.compare(&b)) })
	p.Needed = needed(source, p.Open)
	p.ended, p.Ended, p.DeadLetters, p.Lost = b.slow.ended, b.slow.last, b.slow.letters, nil
	for _, l := range b.slow.lost {
		if slices.ContainsFunc(p.Open, func(i Incident) bool { return i.ID == l.Incident && i.State != Watched }) {
			p.Lost = append(p.Lost, l)
		}
	}
}

func rank(s State) int { return slices.Index([]State{Unheld, Held, Watched, Informed}, s) }

// follow keeps the board fresh until the returned function is called. One goroutine does so for all streams; it ends with the last of
// them, before the function returns.
func (b *board) follow(ctx context.Context) (done func()) {
	b.watching.Lock()
	defer b.watching.Unlock()
	if b.streams++; b.streams == 1 {
		ctx, b.stop = context.WithCancel(context.WithoutCancel(ctx))
		b.stopped = make(chan struct{})
		go b.turns(ctx, b.stopped)
	}
	return func() {
		b.watching.Lock()
		defer b.watching.Unlock()
		if b.streams--; b.streams == 0 {
			b.stop()
			<-b.stopped
		}
	}
}

func (b *board) turns(ctx context.Context, stopped chan<- struct{}) {
	defer close(stopped)
	tick := time.NewTicker(turn)
	defer tick.Stop()
	for {
		b.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
