package status

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
)

// sight is an incident as it was read, with all that its page shows. It does not change.
type sight struct {
	inc      incident.Incident
	timeline []incident.Entry
	members  []incident.Alert
	messages []tocsin.LedgerLine
	partly   bool // only inc was read
	asOf     time.Time
	version  int
	gone     error         // why there is no such incident any more
	next     chan struct{} // closed when there is a newer one
	rendered sync.Map      // the latest *fragment by what it depends on
}

// see reads an incident.
func see(ctx context.Context, e *tocsin.Engine, id string) (*sight, error) {
	s := &sight{asOf: time.Now(), next: make(chan struct{})}
	var err error
	if s.inc, err = e.Incident(ctx, id); err != nil {
		return nil, err
	}
	if s.timeline, err = e.Timeline(ctx, id); err != nil {
		return nil, err
	}
	s.members, err = e.Alerts(ctx, tocsin.AlertQuery{Tenant: s.inc.Tenant, Incident: id, Limit: rowsMost})
	if err != nil && !errors.As(err, new(*tocsin.MoreError)) {
		return nil, err
	}
	s.messages, err = e.Ledger(ctx, tocsin.LedgerQuery{Tenant: s.inc.Tenant, Incident: id})
	return s, err
}

// away reports whether an error says nothing about an incident, but that it could not be read.
func away(err error) bool {
	return err != nil && !errors.Is(err, tocsin.ErrNotFound) && !errors.As(err, new(*tocsin.UnreadableError))
}

// subject is an incident whose page is open. It is read once per change for all who look at it.
type subject struct {
	viewers int // guarded by attending of the board
	reading sync.Mutex
	latest  atomic.Pointer[sight]
	lost    atomic.Pointer[time.Time] // up to when it is known, if it could not be read since; nil: as the board
}

// known returns up to when the subject is known.
func (s *subject) known(p *projection) time.Time {
	if at := s.lost.Load(); at != nil {
		return *at
	}
	return p.AsOf
}

// attend returns the subject of an incident for a viewer, until done is called. Call it after follow.
func (b *board) attend(ctx context.Context, id string) (s *subject, done func(), err error) {
	b.attending.Lock()
	if s = b.subjects[id]; s == nil {
		s = new(subject)
		b.subjects[id] = s
	}
	s.viewers++
	b.attending.Unlock()
	done = func() {
		b.attending.Lock()
		defer b.attending.Unlock()
		if s.viewers--; s.viewers == 0 {
			delete(b.subjects, id)
		}
	}
	if s.latest.Load() == nil {
		if err = s.read(ctx, b, id, true); err != nil {
			done()
		}
	}
	return s, done, err
}

// read reads the subject anew; with first only if nobody has.
func (s *subject) read(ctx context.Context, b *board, id string, first bool) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	old := s.latest.Load()
	if first && old != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, blindAge/3)
	defer cancel()
	now, err := see(ctx, b.engine, id)
	if !away(err) {
		s.lost.Store(nil)
	} else if s.lost.Load() == nil {
		s.lost.Store(new(b.latest.Load().AsOf))
	}
	if err != nil && (old == nil || away(err)) {
		return err
	}
	if err != nil {
		now = &sight{gone: err, next: make(chan struct{})}
	}
	switch {
	case old == nil:
	case now.gone == nil && reflect.DeepEqual(now.inc, old.inc) && reflect.DeepEqual(now.timeline, old.timeline) && reflect.DeepEqual(now.members, old.members) && reflect.DeepEqual(now.messages, old.messages):
		now.version, now.next = old.version, old.next
		s.latest.Store(now)
		return nil
	default:
		now.version = old.version + 1
		defer close(old.next)
	}
	s.latest.Store(now)
	return nil
}

// notice reads the subjects that a change is about, and those that could not be read before.
func (b *board) notice(ctx context.Context, c tocsin.Change) {
	b.attending.Lock()
	var changed []string
	for id, s := range b.subjects {
		if c.All || s.lost.Load() != nil || slices.Contains(c.Incidents, id) {
			changed = append(changed, id)
		}
	}
	subjects := make([]*subject, len(changed))
	for k, id := range changed {
		subjects[k] = b.subjects[id]
	}
	b.attending.Unlock()
	for k, s := range subjects {
		_ = s.read(ctx, b, changed[k], false) // it is lost then, and says so
	}
}

// incidentEvents streams the page of an incident.
func (q *request) incidentEvents() error {
	id := q.PathValue("id")
	inc, err := q.find(id)
	if err != nil {
		return err
	}
	if q.URL.Query().Get("at") == "act" { // links lead from the page, which a form has brought about
		q.base = "./"
	}
	b := q.board(inc.Tenant)
	defer b.follow(q.Context())()
	s, done, err := b.attend(q.Context(), id)
	if err != nil {
		return err
	}
	defer done()
	b.fresh(q.Context())
	return q.stream(func() (*fragment, [2]<-chan struct{}, error) {
		p, now := b.latest.Load(), s.latest.Load()
		if now.gone != nil || !q.viewer.MaySee(&now.inc) || q.viewer.Person == "" {
			return nil, [2]<-chan struct{}{}, nil
		}
		f, err := q.incidentFragment(p, s, now)
		return f, [2]<-chan struct{}{p.next, now.next}, err
	})
}

// incidentFragment renders the page of an incident, once for all windows of a viewer who see the same within a second.
func (q *request) incidentFragment(p *projection, of *subject, s *sight) (*fragment, error) {
	now := time.Now().Truncate(time.Second).In(q.zone)
	asOf, fault, sick := of.known(p), "", p.Fault == faultDelivery
	if p.Fault == faultStore || now.Sub(asOf) > blindAge && !sick {
		fault = faultStore
	}
	kind := fmt.Sprint(q.base, q.zone, q.URL.RawQuery, q.viewer.Grants, q.mayAct(), q.viewer.Person) // forms are those of a person
	if f, ok := s.rendered.Load(kind); ok && f.(*fragment).at.Equal(now) && f.(*fragment).fault == p.Fault+fault {
		return f.(*fragment), nil
	}
	m := q.incidentView(s, now, asOf, fault)
	m.Live, m.Sick = true, sick
	f, err := q.rendered("incident", m)
	if err != nil {
		return nil, err
	}
	f.at, f.fault, f.mark = now, p.Fault+fault, fmt.Sprint(s.version, m.Title, sick)
	for _, four := range m.Four {
		f.mark += four.Strong + four.Text
	}
	s.rendered.Store(kind, f)
	return f, nil
}

// rendered renders the board of a page.
func (q *request) rendered(page string, m any) (*fragment, error) {
	var html, asOf bytes.Buffer
	if err := q.pages[page].ExecuteTemplate(&html, "board", m); err != nil {
		return nil, fmt.Errorf("event stream: %w", err)
	}
	if err := q.pages[page].ExecuteTemplate(&asOf, "asof", m); err != nil {
		return nil, fmt.Errorf("event stream: %w", err)
	}
	return &fragment{asOf: oneLine(asOf.String()), html: oneLine(html.String())}, nil
}

// last returns an incident as it was seen last and up to when it is known, if the board knows it.
func (b *board) last(id string) (*sight, time.Time) {
	b.attending.Lock()
	open := b.subjects[id]
	b.attending.Unlock()
	if open != nil {
		if s := open.latest.Load(); s != nil && s.gone == nil {
			return s, open.known(b.latest.Load())
		}
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	if inc, ok := b.open[id]; ok {
		return &sight{inc: inc, partly: true}, b.latest.Load().AsOf
	}
	return nil, time.Time{}
}
