package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// moment is how long a case waits for a wrong interleaving. A store that locks makes the case wait for all of it.
const moment = 20 * time.Millisecond

// faultsOf collects errors of goroutines. The case's own goroutine reports the first.
type faultsOf struct {
	mu    sync.Mutex
	first error
}

func (f *faultsOf) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		f.first = err
	}
}

// untilNoConflict repeats an Update that fails with ErrConflict. Stores that lock never conflict here; stores that only
// compare versions may.
func untilNoConflict(
	ctx context.Context, s store.Store, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error),
) error {
	for {
		if err := s.Update(ctx, sc, decide); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// readerHolds lets a writer change the record reason while a reader with a share lock on it decides. The reader may wait,
// conflict or decide again. It must not commit a decision that rests on the old version.
func readerHolds(p *probe) {
	reason, mine := key("reason"), key("mine")
	p.put("create the reason", store.Change{Key: reason, Rec: "1"})
	other := p.second()
	deciding, written := make(chan struct{}), make(chan error, 1)
	go func() {
		<-deciding
		written <- other.Update(p.ctx, store.Scope{Write: []store.Key{reason}}, func(v store.View) (store.Batch, store.Need, error) {
			old := v.Records[reason].Version
			return store.Batch{Now: at(0), Put: []store.Change{{Key: reason, Version: old, Rec: "2"}}}, store.Need{}, nil
		})
	}()
	var seen uint64
	var waited, passed bool // passed: the writer finished before the reader had decided
	var writer error
	sc := store.Scope{Write: []store.Key{mine}, Read: []store.Key{reason}}
	err := p.s.Update(p.ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		seen = v.Records[reason].Version
		if !waited {
			waited = true
			close(deciding)
			select {
			case writer = <-written:
				passed = true
			case <-time.After(moment):
			}
		}
		b := store.Batch{Now: at(0), Put: []store.Change{{Key: mine, Version: v.Records[mine].Version, Rec: "by " + fmt.Sprint(seen)}}}
		return b, store.Need{}, nil
	})
	if !waited {
		close(deciding)
	}
	if !passed {
		writer = <-written
	}
	p.noError("write the reason", writer)
	if err == nil && passed && seen == 1 {
		panic(p.broken("decide by version 1 of a reason, and have it written meanwhile",
			"both committed, the reader last", "the writer waits, or the reader conflicts or decides again"))
	}
	if err != nil {
		p.fails("decide by a reason that was written meanwhile", err, store.ErrConflict)
	}
}

// readersAndWriters lets writers change the record reason while readers log the version that they decided by. The log is
// in commit order, so it shows every decision that rested on an old version.
func readersAndWriters(p *probe) {
	const rounds = 40
	reason := key("reason")
	var all sync.WaitGroup
	var found faultsOf
	handles := []store.Store{p.s, p.second()}
	for i, s := range handles {
		repeat := func(sc store.Scope, decide func(store.View) store.Batch) {
			for range rounds {
				found.add(untilNoConflict(p.ctx, s, sc, func(v store.View) (store.Batch, store.Need, error) {
					return decide(v), store.Need{}, nil
				}))
			}
		}
		all.Go(func() {
			repeat(store.Scope{Write: []store.Key{reason}}, func(v store.View) store.Batch {
				old := v.Records[reason].Version
				return store.Batch{
					Now: at(0), Put: []store.Change{{Key: reason, Version: old, Rec: "x"}}, Log: fmt.Appendf(nil, "wrote %d", old+1),
				}
			})
		})
		all.Go(func() {
			mine := key(fmt.Sprint("alert", i))
			repeat(store.Scope{Write: []store.Key{mine}, Read: []store.Key{reason}}, func(v store.View) store.Batch {
				seen := v.Records[reason].Version
				return store.Batch{
					Now: at(0), Put: []store.Change{{Key: mine, Version: v.Records[mine].Version, Rec: "x"}},
					Log: fmt.Appendf(nil, "read %d", seen),
				}
			})
		})
	}
	all.Wait()
	p.noError("update until there is no conflict", found.first)
	current := 0
	docs := p.docs()
	p.equal("count the log's rows", len(docs), 2*len(handles)*rounds)
	for _, doc := range docs {
		var what string
		var version int
		if _, err := fmt.Sscan(doc, &what, &version); err != nil {
			panic(p.broken("read the log", show(doc), "a row of this case"))
		}
		if what == "wrote" {
			current++
		}
		p.equal("follow the log in the order of commits, at "+show(doc), version, current)
	}
}

// neighboursError makes some decides and Batches fail while other Updates run.
func neighboursError(p *probe) {
	const rounds, neighbours = 5, 4
	mine := errors.New("broken rule")
	handles := []store.Store{p.s, p.second()}
	for round := range rounds {
		var all, begun sync.WaitGroup
		var found faultsOf
		begun.Add(neighbours)
		for i := range neighbours {
			all.Go(func() {
				begun.Done()
				k := key(fmt.Sprintf("%d/%d", round, i))
				b := store.Batch{Now: at(0), Put: []store.Change{{Key: k, Rec: "x"}}}
				if err := update(p.ctx, handles[i%2], store.Scope{Write: []store.Key{k}}, b); err != nil {
					found.add(fmt.Errorf("another Update failed: %w", err))
				}
			})
		}
		all.Go(func() { // a batch that is refused
			k := store.Key{Tenant: "shop", Kind: "group", ID: "refused"}
			_ = update(p.ctx, p.s, store.Scope{Write: []store.Key{k}}, store.Batch{Put: []store.Change{{Key: k, Version: 7, Rec: "x"}}})
		})
		err := p.s.Update(p.ctx, store.Scope{Write: []store.Key{key("mine")}}, func(store.View) (store.Batch, store.Need, error) {
			begun.Wait()
			time.Sleep(time.Millisecond) // the neighbours now wait for the store
			return store.Batch{}, store.Need{}, mine
		})
		all.Wait()
		p.fails("fail in decide", err, mine)
		p.noError("update beside a decide that fails and a batch that is refused", found.first)
		var want []string
		for i := range neighbours {
			want = append(want, fmt.Sprintf("%d/%d", round, i))
		}
		got := p.rowIDs(store.Query{Tenant: "shop", Kind: "alert"})
		p.equal("read the records of the other Updates", got[len(got)-min(len(got), neighbours):], want)
	}
}

// trimUnderLoad ends and reopens records while other goroutines trim. Every Read after a reopening must find the record.
func trimUnderLoad(p *probe) {
	const workers, rounds = 2, 40
	handles := []store.Store{p.s, p.second()}
	var all sync.WaitGroup
	var found faultsOf
	for w := range workers {
		all.Go(func() {
			s, k := handles[w], key(fmt.Sprint(w))
			sc := store.Scope{Write: []store.Key{k}}
			for i := range rounds {
				for _, ended := range []time.Time{at(1), {}} {
					err := untilNoConflict(p.ctx, s, sc, func(v store.View) (store.Batch, store.Need, error) {
						c := store.Change{Key: k, Version: v.Records[k].Version, Rec: fmt.Sprint(i), Ended: ended}
						return store.Batch{Now: at(5), Put: []store.Change{c}}, store.Need{}, nil
					})
					if err != nil {
						found.add(fmt.Errorf("end or reopen a record beside a trim: %w", err))
					}
				}
				rows, err := s.Read(p.ctx, store.Query{Keys: []store.Key{k}})
				if err != nil || len(rows) != 1 || rows[0].Rec != fmt.Sprint(i) {
					found.add(fmt.Errorf("read a record that is open: %s, error %w", show(rows), err))
				}
			}
		})
		all.Go(func() {
			for range rounds {
				if n, err := handles[1-w].Trim(p.ctx, at(2), 1); err != nil || n > 1 {
					found.add(fmt.Errorf("trim one row: %d, error %w", n, err))
				}
			}
		})
	}
	all.Wait()
	p.noError("end and reopen records while others trim", found.first)
}
