package tocsin_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// upgrade is a memory store that an old and a new replica share. What the new one has written, the old one reads as store.Newer.
type upgrade struct {
	*memory.Store
	mu    sync.Mutex
	newer map[store.Key]bool
}

// replica is the store as one of the two sees it.
type replica struct {
	*upgrade
	old  bool
	wake chan struct{}
}

func (r *replica) Wake() <-chan struct{} { return r.wake } // the engine looks every second

func (r *replica) seen(row store.Snapshot) store.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.old && r.newer[row.Key] && row.Rec != nil {
		row.Rec = store.Newer{Schema: 2, Doc: []byte("{}")}
	}
	return row
}

func (r *replica) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	rows, err := r.Store.Read(ctx, q)
	for i := range rows {
		rows[i] = r.seen(rows[i])
	}
	return rows, err
}

func (r *replica) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	return r.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		v.Records = maps.Clone(v.Records)
		for k, row := range v.Records {
			v.Records[k] = r.seen(row)
		}
		b, need, err := decide(v)
		for i := range b.Put {
			if k := b.Put[i].Key; err == nil && need.Empty() {
				r.mu.Lock()
				if r.newer[k] && r.old {
					err = store.ErrNewer
				} else if !r.old {
					r.newer[k] = b.Put[i].Rec != nil
				}
				r.mu.Unlock()
			}
		}
		return b, need, err
	})
}

// upgrading runs an old and a new engine on one store, until each is stopped.
func upgrading(t *testing.T, in *inbox) (old, renewed *tocsin.Engine, stopOld, stopNew func()) {
	shared := &upgrade{Store: memory.New(), newer: make(map[store.Key]bool)}
	old, stopOld = begin(t, &replica{shared, true, make(chan struct{})}, in)
	renewed, stopNew = begin(t, &replica{shared, false, make(chan struct{})}, in)
	return old, renewed, stopOld, stopNew
}

// asked are the methods of an Engine on an old replica, about what a newer one has written: the incident of critical("x").
var asked = map[string]func(t *testing.T, old *tocsin.Engine, id string){
	"Briefing": func(t *testing.T, old *tocsin.Engine, id string) {
		_, err := old.Briefing(t.Context(), id)
		leftToNewer(t, err, "incident", id)
	},
	"Hidden": func(t *testing.T, old *tocsin.Engine, _ string) {
		hidden, err := old.Hidden(t.Context(), respond.Viewer{Person: "ana"}, "")
		require.NoError(t, err)
		assert.Empty(t, hidden, "the newer one is not private")
	},
	"Incidents": func(t *testing.T, old *tocsin.Engine, _ string) {
		list, err := old.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		require.Len(t, list, 1, "its own")
		assert.Equal(t, "own", list[0].Title)
	},
	"Page": func(t *testing.T, old *tocsin.Engine, _ string) {
		named := *old.Catalog().Source()
		named.Services = maps.Clone(named.Services)
		named.Services["checkout"] = catalog.Service{Name: "Shop"}
		require.NoError(t, old.Reload(&named))
		page, err := old.Page(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, []comms.Component{{ID: "shop", Name: "Shop", State: comms.Operational}}, page.Groups[0].Components)
		assert.Empty(t, page.Posts)
	},
	"Changes": func(t *testing.T, old *tocsin.Engine, _ string) {
		list, err := old.Changes(t.Context(), "", "checkout")
		require.NoError(t, err)
		require.Empty(t, list)
	},
	"Alerts": func(t *testing.T, old *tocsin.Engine, _ string) {
		list, err := old.Alerts(t.Context(), tocsin.AlertQuery{})
		require.NoError(t, err)
		require.Len(t, list, 1, "its own")
		assert.Equal(t, "own", list[0].Latest.Summary)
	},
	"Incident": func(t *testing.T, old *tocsin.Engine, id string) {
		_, err := old.Incident(t.Context(), id)
		leftToNewer(t, err, "incident", id)
	},
	"Timeline": func(t *testing.T, old *tocsin.Engine, id string) {
		entries, err := old.Timeline(t.Context(), id)
		require.NoError(t, err)
		assert.NotEmpty(t, entries, "old programs can read entries of new ones")
	},
	"Ledger": func(t *testing.T, old *tocsin.Engine, id string) {
		all, err := old.Ledger(t.Context(), tocsin.LedgerQuery{})
		require.NoError(t, err)
		for _, l := range all {
			assert.Equal(t, "own", l.Title, "its own")
		}
		lines, err := old.Ledger(t.Context(), tocsin.LedgerQuery{Incident: id})
		leftToNewer(t, err, "incident", id)
		for _, l := range lines { // there is one unless the old program has sent the page, which it cannot note
			assert.NotNil(t, l.Sent, "old programs can read entries of new ones")
		}
	},
	"Explain": func(t *testing.T, old *tocsin.Engine, id string) {
		_, err := old.Explain(t.Context(), id)
		leftToNewer(t, err, "incident", id)
		for _, of := range []string{"first", "latest"} {
			_, err = old.Explain(t.Context(), of)
			require.ErrorIs(t, err, store.ErrNewer, of)
		}
		_, err = old.Explain(t.Context(), "nowhere")
		require.ErrorIs(t, err, tocsin.ErrNotFound)
		require.ErrorIs(t, err, store.ErrNewer, "it may be the latest event of an alert that cannot be read")
	},
	"DeadLetters": func(t *testing.T, old *tocsin.Engine, _ string) {
		for _, err := range old.DeadLetters(t.Context(), "") {
			require.NoError(t, err)
		}
	},
	"Unreadable": func(t *testing.T, old *tocsin.Engine, id string) {
		list, err := old.Unreadable(t.Context(), "")
		require.NoError(t, err)
		kinds := make(map[string]int)
		for _, u := range list {
			kinds[u.Kind]++
			assert.True(t, u.Newer)
			assert.Contains(t, u.Error(), "a newer version of tocsin wrote it, schema 2")
		}
		assert.Contains(t, []int{1, 2}, kinds["group"], "the new replica may have met a deadline of the old one's")
		delete(kinds, "group")
		assert.Equal(t, map[string]int{"incident": 1, "alert": 1, "plan": 1}, kinds)
	},
	"Erase": func(t *testing.T, old *tocsin.Engine, id string) {
		_, err := old.Erase(t.Context(), "", "zoe")
		require.ErrorIs(t, err, store.ErrNewer)
		assert.ErrorContains(t, err, fmt.Sprintf("the incident %q cannot be read", id))
	},
	"Do": func(t *testing.T, old *tocsin.Engine, id string) {
		leftToNewer(t, old.Do(t.Context(), respond.Acknowledge{Incident: id, By: "ana"}), "", "")
		var refused *respond.RefusedError
		require.ErrorAs(t, old.Do(t.Context(), respond.Resend{Letter: notify.Message{Incident: id, Key: "k"}, By: "ana"}), &refused)
	},
	"DoAs": func(t *testing.T, old *tocsin.Engine, id string) {
		leftToNewer(t, old.DoAs(t.Context(), respond.Viewer{Person: "ana"}, respond.Acknowledge{Incident: id}), "incident", id)
		err := old.DoAs(t.Context(), respond.Viewer{Person: "ana", Tenants: []string{"a"}}, respond.Acknowledge{Incident: id})
		require.ErrorIs(t, err, tocsin.ErrNotFound)
		assert.NotErrorIs(t, err, store.ErrNewer, "not even that there is one")
	},
	"Link": func(t *testing.T, old *tocsin.Engine, id string) {
		_, err := old.Link(t.Context(), acklink.New(bellURL, [][]byte{linkKey}).Token(acklink.Claims{
			Incident: id, Person: "ana", Made: time.Now(), Until: time.Now().Add(time.Hour),
		}))
		leftToNewer(t, err, "incident", id)
	},
	"Submit": func(t *testing.T, old *tocsin.Engine, _ string) {
		x := critical("x")
		x.Severity = severity.Error
		leftToNewer(t, old.Submit(t.Context(), critical("y"), x, critical("z")), "", "")
		for _, neighbour := range []string{"y", "z"} {
			_, err := old.Incident(t.Context(), inc("pay."+neighbour+"/checkout#1"))
			assert.NotErrorIs(t, err, tocsin.ErrNotFound, "neighbours in the same call are taken: %s", neighbour) // the new replica may have gone on with them
		}
	},
	"Would": func(t *testing.T, old *tocsin.Engine, _ string) {
		_, err := old.Would(t.Context(), critical("x"))
		leftToNewer(t, err, "", "")
	},
	"Offer": func(t *testing.T, old *tocsin.Engine, _ string) { assert.True(t, old.Offer(critical("x"))) },
	"Health": func(t *testing.T, old *tocsin.Engine, _ string) {
		settle(time.Hour)
		require.NoError(t, old.Health(t.Context()), "what is left to newer replicas is no illness")
	},
}

// unasked are the methods that read no records.
var unasked = []string{"Catalog", "Confirm", "HasLinks", "Heard", "Known", "OnCall", "Reload", "Run", "SendTest", "SeverityOf", "Share", "Shared", "Subscribe", "Subscribers", "Unsubscribe", "Watch"}

// leftToNewer checks that an error names a row that a newer version wrote.
func leftToNewer(t *testing.T, err error, kind, id string) {
	t.Helper()
	var u *tocsin.UnreadableError
	require.ErrorAs(t, err, &u)
	require.ErrorIs(t, err, store.ErrNewer)
	assert.True(t, u.Newer)
	assert.EqualValues(t, 2, u.Schema)
	if kind != "" {
		assert.Equal(t, kind+" "+id, u.Kind+" "+u.ID)
	}
}

// TestRow53 asks an old replica about what a newer one has written, by every exported method.
func TestRow53(t *testing.T) {
	for name := range methods(t) {
		ask := asked[name]
		if ask == nil {
			assert.Contains(t, unasked, name, "neither asked about newer rows nor known to read none")
			continue
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old, renewed, stopOld, stopNew := upgrading(t, &inbox{})
				defer stopOld()
				first, latest, own := critical("x"), critical("x"), critical("w")
				first.ID, latest.ID, own.Summary = "first", "latest", "own"
				require.NoError(t, renewed.Submit(t.Context(), first))
				require.NoError(t, renewed.Submit(t.Context(), latest))
				stopNew() // so that it does not write about the next one
				require.NoError(t, old.Submit(t.Context(), own))
				ask(t, old, inc("pay.x/checkout#1"))
			})
		})
	}
}

// methods returns the names of the exported methods of an Engine.
func methods(t *testing.T) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for m := range reflect.TypeFor[*tocsin.Engine]().Methods() {
		all[m.Name] = true
	}
	require.Subset(t, slices.Collect(maps.Keys(all)), append(slices.Collect(maps.Keys(asked)), unasked...), "a method is gone")
	return all
}

// TestRow53Load lets senders speak to an old and a new replica in turn. A sender that the old one refuses tries the new one. Every
// event is stored, every incident is paged once, and both replicas are well.
func TestRow53Load(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 40
		in := &inbox{}
		old, renewed, stopOld, stopNew := upgrading(t, in)
		refused := 0
		for i := range 4 * n {
			ev := critical(fmt.Sprint(i % n))
			ev.ID = fmt.Sprint("event ", i)
			at, other := old, renewed
			if i%3 == 0 {
				at, other = renewed, old
			}
			err := at.Submit(t.Context(), ev)
			if err != nil {
				require.ErrorIs(t, err, store.ErrNewer)
				require.Same(t, old, at, "the new one refuses nothing")
				refused++
				err = other.Submit(t.Context(), ev)
			}
			require.NoError(t, err)
			time.Sleep(time.Second)
			require.NoError(t, old.Health(t.Context()))
			require.NoError(t, renewed.Health(t.Context()))
		}
		settle(time.Minute)
		pages := make(map[string]int)
		for _, line := range in.lines() {
			pages[line]++
		}
		for i := range n {
			assert.Equal(t, 1, pages[fmt.Sprintf("page anaslack %d", i)], "thing %d", i)
		}
		require.NoError(t, old.Health(t.Context()))
		stopOld()
		stopNew()
		assert.Positive(t, refused)
		t.Logf("%d events, %d refused by the old replica and taken by the new one, %d incidents paged once", 4*n, refused, n)
	})
}

// TestOneReaderOfRows: no query reads the store, or asserts what a row holds, but through rowsOf and recOf.
func TestOneReaderOfRows(t *testing.T) {
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "unreadable.go" {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Read" {
					if of, ok := f.X.(*ast.SelectorExpr); ok {
						assert.NotEqual(t, "store", of.Sel.Name, "%v: use rowsOf", set.Position(n.Pos()))
					}
				}
			case *ast.TypeAssertExpr:
				if of, ok := n.X.(*ast.SelectorExpr); ok {
					assert.NotEqual(t, "Rec", of.Sel.Name, "%v: use recOf", set.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

// TestRow53Due: due records that only newer replicas can handle, here of a kind that the old one does not have, neither keep the old one
// busy nor hide what is due behind them.
func TestRow53Due(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100 // more than one claim takes
		kept, in := memory.New(), &inbox{}
		var b store.Batch
		b.Now = time.Now()
		for i := range n {
			b.Put = append(b.Put, store.Change{
				Key: store.Key{Kind: "forecast", ID: fmt.Sprint(i)}, Rec: store.Newer{Schema: 1}, Priority: 1, Due: b.Now,
			})
		}
		require.NoError(t, kept.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil }))
		claims := &counting{Store: kept}
		bell, stop := begin(t, claims, in)
		defer stop()
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		settle(3 * time.Minute)
		assert.Equal(t, []string{"page anaslack x", "page benslack x"}, in.lines(), "level 2 is due behind them")
		assert.Less(t, claims.n, 100)
		require.NoError(t, bell.Health(t.Context()))
		list, err := bell.Unreadable(t.Context(), "")
		require.NoError(t, err)
		assert.Len(t, list, n, "no query finds them, but the engine has met them")
	})
}

// counting counts claims.
type counting struct {
	store.Store
	n int
}

func (c *counting) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	c.n++
	return c.Store.Claim(ctx, r)
}
