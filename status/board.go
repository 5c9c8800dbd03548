package status

import (
	"cmp"
	"context"
	"errors"
	"maps"
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
	turn     = time.Second            // from one look at the engine to the next, if nothing changes
	breath   = 200 * time.Millisecond // from one look to the next at least
	proof    = 5 * time.Second        // from one question to the store to the next, if nothing changes
	again    = 10 * time.Second       // from one time that rows are made to the next, if nothing changes
	blindAge = 15 * time.Second       // how old the last good look may be before the board cannot say how things stand
	pageOf   = 1000                   // incidents in one read
	endedMax = 2000                   // resolved incidents that are looked through for those of the last day
	dayAgo   = 24 * time.Hour
	gapsFor  = 14 * dayAgo // how far ahead gaps are looked for
)

// Why the board does not know how things stand.
const (
	faultStore    = "the store does not answer"
	faultDelivery = "nothing is delivered"
)

// board is what all viewers of a tenant see. It is read from the engine once for all of them.
type board struct {
	engine *tocsin.Engine
	tenant string

	latest  atomic.Pointer[projection]
	reading sync.Mutex // held while the engine is read; guards what follows
	open    map[string]incident.Incident
	told    bool // changes of incidents are told
	whole   bool // open has every open incident
	filled  time.Time
	asked   time.Time // when the store was last asked for proof that it answers
	slow    slowly

	watching sync.Mutex // guards what follows
	streams  int        // event streams that are open
	stop     context.CancelFunc
	stopped  chan struct{}

	attending sync.Mutex          // guards what follows
	subjects  map[string]*subject // by id of the incident
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
	secrets
}

// slowly holds what is read once a minute.
type slowly struct {
	read    time.Time
	ended   []span
	last    time.Time
	sent    time.Time // when a message about one of ended was last delivered
	letters int
	lost    []Lost
	secrets
}

// span is the time in which an incident was open.
type span struct {
	Incident
	End  time.Time // zero: it still is
	Took time.Time // when somebody took it; zero: nobody did
}

func newBoard(e *tocsin.Engine, tenant string) *board {
	b := &board{engine: e, tenant: tenant, subjects: make(map[string]*subject)}
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
	return b.read(ctx, tocsin.Change{All: true})
}

// look takes a look now, at what may have changed.
func (b *board) look(ctx context.Context, c tocsin.Change) *projection {
	b.reading.Lock()
	defer b.reading.Unlock()
	if !b.told || !b.whole {
		c = tocsin.Change{All: true}
	}
	return b.read(ctx, c)
}

// read makes the next projection. A look that fails keeps what the last good one saw.
func (b *board) read(ctx context.Context, c tocsin.Change) *projection {
	old, now := b.latest.Load(), time.Now()
	p := &projection{Snapshot: old.Snapshot, version: old.version + 1, read: now, next: make(chan struct{}), ended: old.ended, secrets: old.secrets}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), blindAge/3)
	defer cancel()
	err := b.readOpen(ctx, c)
	if err == nil {
		err = b.readSlowly(ctx, now)
	}
	b.whole = err == nil // else what was told is lost
	sick := b.engine.Health(ctx)
	if err == nil && (sick == nil || p.AsOf.IsZero()) && (c.All || len(c.Incidents) > 0 || now.Sub(b.filled) >= again) {
		b.fill(p, now)
	}
	switch {
	case err != nil:
		p.failed(now, faultStore, err)
	case sick != nil:
		p.failed(now, faultDelivery, sick)
	default:
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

// readOpen reads the incidents that may have changed. If none may have, it asks the store for one from time to time: an engine that has
// nothing to do does not notice that its store is away.
func (b *board) readOpen(ctx context.Context, c tocsin.Change) error {
	now := time.Now()
	if !c.All && len(c.Incidents) == 0 && now.Sub(b.asked) >= proof {
		b.asked = now
		_, err := b.engine.Incidents(ctx, tocsin.Query{Tenant: b.tenant, Limit: 1})
		return err
	}
	if c.All {
		open, err := b.allOpen(ctx)
		if err != nil {
			return err
		}
		for id := range b.open {
			if _, still := open[id]; !still {
				b.slow.read = time.Time{} // it has ended
			}
		}
		b.open = open
		return nil
	}
	for _, id := range c.Incidents {
		i, err := b.engine.Incident(ctx, id)
		var unreadable *tocsin.UnreadableError
		switch {
		case errors.Is(err, tocsin.ErrNotFound), errors.As(err, &unreadable):
			delete(b.open, id)
		case err != nil:
			return err
		case i.Tenant != b.tenant:
		case i.Phase.Open():
			b.open[id] = i
		default:
			delete(b.open, id)
			b.slow.read = time.Time{} // it has ended
		}
	}
	return nil
}

// same reports whether two projections show the same but for the time.
func (p *projection) same(old *projection) bool {
	a, b := p.Snapshot, old.Snapshot
	a.AsOf, b.AsOf = time.Time{}, time.Time{}
	return old.version > 0 && p.detail == old.detail && reflect.DeepEqual(a, b) && reflect.DeepEqual(p.private, old.private)
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

// allOpen returns every incident that has not resolved.
func (b *board) allOpen(ctx context.Context) (map[string]incident.Incident, error) {
	all := make(map[string]incident.Incident)
	q := tocsin.Query{Tenant: b.tenant, Open: true, Limit: pageOf}
	for {
		page, err := b.engine.Incidents(ctx, q)
		for _, i := range page {
			all[i.ID] = i
		}
		var more *tocsin.MoreError
		switch {
		case errors.As(err, &more):
			q.After = more.After
		case err != nil:
			return nil, err
		case len(page) < pageOf:
			return all, nil
		default:
			q.After = page[len(page)-1].ID
		}
	}
}

// readEnded reads what has ended of late.
func (b *board) readEnded(ctx context.Context, s *slowly, now time.Time) error {
	cat := b.engine.Catalog()
	for _, phase := range incident.Phases() {
		if phase.Open() {
			continue
		}
		ended, err := b.engine.Incidents(ctx, tocsin.Query{Tenant: b.tenant, Phase: phase, Limit: endedMax})
		if err != nil {
			return err
		}
		for k := range ended {
			i := &ended[k]
			s.keep(i)
			end := i.Over()
			if end.After(s.last) {
				s.last = end
			}
			s.sent = lastTold(i, s.sent)
			if now.Sub(end) < dayAgo {
				s.ended = append(s.ended, span{Incident: row(cat, i, now), End: end, Took: i.Taken})
			}
		}
	}
	return nil
}

// readSlowly reads what changes seldom: what has ended, and which messages failed for good.
func (b *board) readSlowly(ctx context.Context, now time.Time) error {
	if now.Sub(b.slow.read) < time.Minute {
		return nil
	}
	s := slowly{read: now}
	if err := b.readEnded(ctx, &s, now); err != nil {
		return err
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
func (b *board) fill(p *projection, now time.Time) {
	b.filled = now
	cat := b.engine.Catalog()
	source := cat.Source()
	p.Services, p.OnCall, p.Gaps = len(source.Services), duties(cat, now), gaps(cat, now)
	p.Open, p.Asks, p.Sending = make([]Incident, 0, len(b.open)), nil, 0
	p.secrets = secrets{maps.Clone(b.slow.private), source}
	for _, i := range b.open {
		p.keep(&i)
		p.Open = append(p.Open, row(cat, &i, now))
		p.Asks = append(p.Asks, asksOf(&i)...)
		p.Sending += len(i.Pending)
	}
	slices.SortFunc(p.Asks, func(a, b Ask) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Run, b.Run)) })
	slices.SortFunc(p.Open, func(a, b Incident) int { return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), a.compare(&b)) })
	p.Needed = needed(source, p.Open)
	p.Heard = b.heard()
	p.ended, p.Ended, p.DeadLetters, p.Lost = b.slow.ended, b.slow.last, b.slow.letters, nil
	for _, l := range b.slow.lost {
		if slices.ContainsFunc(p.Open, func(i Incident) bool { return i.lacks(&l) }) {
			p.Lost = append(p.Lost, l)
		}
	}
}

// lacks reports whether a page that failed leaves the incident without somebody: it still fails, and no other contact of theirs was reached.
func (i *Incident) lacks(l *Lost) bool {
	return i.ID == l.Incident && i.State != Watched && !slices.Contains(i.Asked, l.To)
}

func rank(s State) int { return slices.Index([]State{Unheld, Held, Watched, Informed}, s) }

// follow keeps the board fresh until the returned function is called. It does so once for all streams, and has ended before the last of
// them returns.
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

// turns takes looks until ctx ends: after each change, and once a turn to see whether the engine works.
func (b *board) turns(ctx context.Context, stopped chan<- struct{}) {
	defer close(stopped)
	changes := make(chan tocsin.Change)
	var watch sync.WaitGroup
	watch.Go(func() {
		for c := range b.engine.Watch(ctx) {
			select {
			case changes <- c:
			case <-ctx.Done():
			}
		}
	})
	defer watch.Wait()
	defer b.lose()
	tick := time.NewTicker(turn)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-changes:
			b.change(ctx, c)
		case <-tick.C:
			b.look(ctx, tocsin.Change{})
			b.notice(ctx, tocsin.Change{})
		}
	}
}

// change takes in a change, and gives those that come at once the time to gather.
func (b *board) change(ctx context.Context, c tocsin.Change) {
	b.reading.Lock()
	b.told = b.told || c.All
	b.reading.Unlock()
	b.look(ctx, c)
	b.notice(ctx, c)
	select {
	case <-ctx.Done():
	case <-time.After(breath):
	}
}

// lose notes that changes are told no more.
func (b *board) lose() {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.told, b.whole = false, false
}
