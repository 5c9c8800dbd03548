package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// histories runs random histories through fresh stores and through a model, and compares every answer. Each step has its
// own random generator, so that leaving out one step changes no other.
func histories(p *probe) {
	const steps = 60
	seeds := []uint64{p.Seed}
	if p.Seed == 0 {
		seeds = seeds[:0]
		for range p.sized("random histories", 50) {
			seeds = append(seeds, rand.Uint64())
		}
	}
	all := make([]int, steps)
	for i := range all {
		all[i] = i
	}
	for _, seed := range seeds {
		if found, at := p.history(seed, all); found != nil {
			panic(p.shrink(seed, all[:at+1], found))
		}
	}
}

// history runs the given steps of a seed's history over a fresh store. It returns the broken rule, and the number of the
// step that showed it.
func (p *probe) history(seed uint64, steps []int) (found *Broken, at int) {
	trail := "" // the steps so far, for the report
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Broken:
			found = r
		default:
			found = p.broken("the last step", fmt.Sprint("panic: ", r), "no panic")
		}
		if found != nil {
			found.Done = fmt.Sprintf("history of seed %d (Features.Seed replays it)%s\n        step %d: %s",
				seed, trail, steps[at], found.Done)
		}
	}()
	s := p.open()
	defer func() { _ = s.Close() }()
	sub := *p
	sub.s = s
	h := &history{probe: &sub, m: &model{}}
	for at = range steps {
		h.Rand = rand.New(rand.NewPCG(seed, uint64(steps[at])))
		h.step = steps[at]
		h.do()
		h.compare()
		trail += fmt.Sprintf("\n        step %d: %s", h.step, h.last)
	}
	return nil, 0
}

// shrink leaves out every step that is not needed to break the store. It returns the failure of the shortened history.
func (p *probe) shrink(seed uint64, steps []int, found *Broken) *Broken {
	for i := len(steps) - 2; i >= 0; i-- {
		fewer := slices.Delete(slices.Clone(steps), i, i+1)
		if again, at := p.history(seed, fewer); again != nil {
			steps, found = fewer[:at+1], again
			i = min(i, len(steps)-1)
		}
	}
	return found
}

type history struct {
	*probe
	*rand.Rand
	m    *model
	step int
	last string // what the step does, for the report
}

func (h *history) do() {
	switch n := h.IntN(6); {
	case n < 3:
		h.update()
	case n < 5:
		h.claimSome()
	default:
		h.trimAll()
	}
}

func (h *history) update() {
	sc := store.Scope{
		Read: several(h, 2, h.key), Write: several(h, 2, h.key), Refs: several(h, 2, h.ref),
		Events: several(h, 2, func() store.EventID { return store.EventID{byte(1 + h.IntN(20))} }),
		Claims: several(h, 1, h.held),
	}
	b := store.Batch{
		Now: h.instant(), Put: several(h, 2, h.change), Tasks: several(h, 2, h.task),
		Cancel: several(h, 1, func() store.CancelTag {
			return store.CancelTag{Record: h.key(), Tag: fmt.Sprint(h.IntN(2))}
		}),
		Settle: several(h, 2, func() store.Settle { return h.settle(&sc) }),
	}
	for _, c := range b.Put {
		sc.Write = append(sc.Write, c.Key)
	}
	if h.chance(50) {
		b.Log = []byte(fmt.Sprint("input of step ", h.step))
	}
	h.last = fmt.Sprintf("update %+v", b)
	next, refused := h.m.update(sc, b)
	var seen store.View
	err := h.s.Update(h.ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		seen = kept(v)
		return b, store.Need{}, nil
	})
	h.equal(h.last+", look", seen, h.m.view(sc))
	switch {
	case refused == nil:
		h.noError(h.last, err)
		h.m = next
	case errors.Is(refused, store.ErrConflict) && len(b.Put) == 1 && len(b.Settle)+len(b.Tasks) == 0:
		h.fails(h.last, err, store.ErrConflict)
	default: // a Batch with several faults may fail with any of them
		h.fails(h.last, err, nil)
	}
}

func (h *history) claimSome() {
	r := h.request()
	h.last = fmt.Sprintf("claim %+v", r)
	want := h.m.claim(r)
	got, err := h.s.Claim(h.ctx, r)
	h.noError(h.last, err)
	h.equal(h.last, got, want)
}

func (h *history) trimAll() {
	before := h.instant()
	h.last = "trim before " + instant(before)
	h.equal(h.last, h.trim(before, 1_000), h.m.trim(before))
}

// compare reads everything in the store, in pages of three.
func (h *history) compare() {
	queries := []store.Query{{Ref: ref("x"), Timeline: true}, {Ref: ref("y")}, {Ref: ref("z")}}
	var keys []store.Key
	for _, tenant := range []string{"acme", "shop"} {
		for kind, states := range map[string][]string{
			"alert": {"", "firing", "resolved"}, "group": {"", "firing"}, "task": {"", "waiting", "leased", "dead"},
		} {
			for _, state := range states {
				queries = append(queries, store.Query{Tenant: tenant, Kind: kind, State: state, Timeline: kind == "group"})
			}
			for _, id := range []string{"2", "0", "t0", "t1"} {
				keys = append(keys, store.Key{Tenant: tenant, Kind: kind, ID: id})
			}
		}
	}
	queries = append(queries, store.Query{Keys: keys, Timeline: true})
	for _, q := range queries {
		want := h.m.read(q)
		q.Limit = 3
		h.equal(fmt.Sprintf("%s; read %+v", h.last, q), h.rows(q), want)
	}
	var log []store.Entry
	for _, row := range h.rows(store.Query{Kind: "log", Limit: 3}) {
		e, _ := row.Rec.(store.Entry)
		e.Seq = 0
		log = append(log, e)
	}
	h.equal(h.last+"; read the log", log, h.m.log)
}
