package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	day = 24 * time.Hour
	p1  = uint8(1)
	p3  = uint8(3)
)

var (
	start     = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	errLooked = errors.New("looked only")
	none      []string // an empty list
)

// probe runs one case on a store. A method that finds a broken rule panics with a *Broken, so it must be called on the
// case's own goroutine.
type probe struct {
	Features
	c     *testCase
	ctx   context.Context
	note  func(format string, args ...any)
	fresh func() (store.Store, error)

	s      store.Store
	opened []store.Store
}

func (p *probe) broken(done, got, want string) *Broken {
	return &Broken{Rule: p.c.rule, Case: p.c.name, Why: p.c.why, Done: done, Got: got, Want: want}
}

// equal compares two values by their text from show. A nil list equals an empty one.
func (p *probe) equal(done string, got, want any) {
	g, w := show(got), show(want)
	if g != w {
		panic(p.broken(done, cut(g, w), cut(w, g)))
	}
}

func (p *probe) noError(done string, err error) {
	if err != nil {
		panic(p.broken(done, "error: "+err.Error(), "no error"))
	}
}

// fails checks that err is an error, and that it wraps target unless target is nil.
func (p *probe) fails(done string, err, target error) {
	switch {
	case err == nil && target == nil:
		panic(p.broken(done, "no error", "an error"))
	case target != nil && !errors.Is(err, target):
		panic(p.broken(done, show(err), "an error that wraps: "+target.Error()))
	}
}

// open makes a fresh store, which close closes.
func (p *probe) open() store.Store {
	s, err := p.fresh()
	p.noError("open a fresh store", err)
	p.opened = append(p.opened, s)
	return s
}

// second opens another handle on the data of p.s. Without Features.Shared it returns p.s.
func (p *probe) second() store.Store {
	if p.Shared == nil {
		return p.s
	}
	s, err := p.Shared(p.s)
	p.noError("open a second handle", err)
	if s != p.s {
		p.opened = append(p.opened, s)
	}
	return s
}

// close closes every store of the case. ErrClosed means that the case has closed it already.
func (p *probe) close() {
	for _, s := range slices.Backward(p.opened) {
		_ = s.Close()
	}
}

// update commits b, and ignores the View.
func update(ctx context.Context, s store.Store, sc store.Scope, b store.Batch) error {
	if b.Now.IsZero() {
		b.Now = at(0)
	}
	return s.Update(ctx, sc, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil })
}

func (p *probe) commit(done string, sc store.Scope, b store.Batch) {
	p.noError(done, update(p.ctx, p.s, sc, b))
}

// put commits changes at the start instant.
func (p *probe) put(done string, changes ...store.Change) {
	var sc store.Scope
	for _, c := range changes {
		sc.Write = append(sc.Write, c.Key)
	}
	p.commit(done, sc, store.Batch{Put: changes})
}

// create commits new tasks at the start instant.
func (p *probe) create(tasks ...store.Task) {
	p.commit("create tasks", store.Scope{}, store.Batch{Tasks: tasks})
}

// settle ends claims that must be Valid.
func (p *probe) settle(done string, now time.Time, settles ...store.Settle) {
	var sc store.Scope
	for _, x := range settles {
		sc.Claims = append(sc.Claims, x.Claim)
	}
	p.commit(done, sc, store.Batch{Now: now, Settle: settles})
}

// look returns the View of a scope, and commits nothing.
func (p *probe) look(sc store.Scope) store.View {
	var out store.View
	err := p.s.Update(p.ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		out = kept(v)
		return store.Batch{}, store.Need{}, errLooked
	})
	if !errors.Is(err, errLooked) {
		p.fails("look at a view and fail in decide", err, errLooked)
	}
	return out
}

// kept copies a View, which is valid only during the call.
func kept(v store.View) store.View {
	out := store.View{
		Records: maps.Clone(v.Records), Refs: map[store.Ref][]store.Key{}, Seen: slices.Clone(v.Seen), Valid: slices.Clone(v.Valid),
	}
	for r, keys := range v.Refs {
		out.Refs[r] = slices.Clone(keys)
	}
	return out
}

func (p *probe) valid(claims ...store.Claim) []bool { return p.look(store.Scope{Claims: claims}).Valid }

// claim sends r. By default it asks for "sms", with leases of 30 s.
func (p *probe) claim(r store.ClaimRequest) store.Claimed {
	if r.Owner == "" {
		r.Owner = "replica-1"
	}
	if r.Queues == nil {
		r.Queues = map[string]int{"sms": 1_000_000}
	}
	if r.LeaseFor == 0 {
		r.LeaseFor = 30 * time.Second
	}
	c, err := p.s.Claim(p.ctx, r)
	p.noError("claim", err)
	return c
}

func (p *probe) claimAt(now time.Time) store.Claimed {
	return p.claim(store.ClaimRequest{Now: now, Limit: 1_000})
}

// rows reads every page of a query.
func (p *probe) rows(q store.Query) []store.Snapshot {
	var out []store.Snapshot
	for {
		rows, err := p.s.Read(p.ctx, q)
		p.noError("read", err)
		if len(rows) == 0 {
			return out
		}
		next := rows[len(rows)-1].Cursor
		if next == "" || next == q.After {
			panic(p.broken("read the next page", "cursor "+show(next), "a cursor behind "+show(q.After)))
		}
		q.After = next
		out = append(out, rows...)
	}
}

// rowIDs returns the sorted ids of the rows of a query. Only rule 22 checks their order.
func (p *probe) rowIDs(q store.Query) []string {
	out := idsOf(p.rows(q))
	slices.Sort(out)
	return out
}

func (p *probe) tasksIn(state string) []string {
	return p.rowIDs(store.Query{Tenant: "shop", Kind: "task", State: state})
}

// docs reads the log.
func (p *probe) docs() []string {
	var out []string
	for _, row := range p.rows(store.Query{Kind: "log"}) {
		e, ok := row.Rec.(store.Entry)
		if !ok {
			panic(p.broken("read the log", show(row.Rec), "a store.Entry"))
		}
		out = append(out, string(e.Doc))
	}
	return out
}

// sized scales a number of rows by Percent, and notes it if that lowers the number.
func (p *probe) sized(what string, full int) int {
	n := max(1, full*p.Percent/100)
	if n < full {
		p.note("LOWERED: %d %s in place of %d", n, what, full)
	}
	return n
}
