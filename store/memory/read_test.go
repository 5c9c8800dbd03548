package memory_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

func TestRead(t *testing.T) {
	s := memory.New()
	var b store.Batch
	for i, priority := range []uint8{3, 1, 0, 5, 1, 3} {
		b.Put = append(b.Put, store.Change{
			Key: key(fmt.Sprint(i)), Rec: i, Priority: priority, State: []string{"firing", "resolved"}[i%2],
			Refs: []store.Ref{ref("all")},
		})
	}
	b.Put = append(b.Put, store.Change{Key: store.Key{Tenant: "acme", Kind: "alert", ID: "x"}, Rec: 1, State: "firing"})
	mustUpdate(t, s, b)
	cases := []struct {
		name string
		q    store.Query
		want []string
	}{
		{
			"a kind by priority, then key; none is last",
			store.Query{Tenant: "shop", Kind: "alert"},
			[]string{"1", "4", "0", "5", "3", "2"},
		},
		{"a state", store.Query{Tenant: "shop", Kind: "alert", State: "firing"}, []string{"4", "0", "2"}},
		{"a state that none is in", store.Query{Tenant: "shop", Kind: "alert", State: "pending"}, []string{}},
		{"another tenant", store.Query{Tenant: "acme", Kind: "alert"}, []string{"x"}},
		{"a ref by key", store.Query{Ref: ref("all")}, []string{"0", "1", "2", "3", "4", "5"}},
		{
			"keys by key, each once, those that exist",
			store.Query{Keys: []store.Key{key("5"), key("9"), key("0"), key("5")}},
			[]string{"0", "5"},
		},
		{"no log", store.Query{Kind: "log"}, []string{}},
		{"no tasks", store.Query{Tenant: "shop", Kind: "task"}, []string{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, limit := range []int{0, 1, 2, 6} {
				c.q.Limit = limit
				assert.Equal(t, c.want, rowIDs(t, s, c.q), "limit %d", limit)
			}
		})
	}
}

func TestReadRefusesWhatItCannotAnswer(t *testing.T) {
	s := memory.New()
	for name, q := range map[string]store.Query{
		"nothing asked":       {},
		"tenant only":         {Tenant: "shop"},
		"state without kind":  {Ref: ref("x"), State: "firing"},
		"keys and kind":       {Keys: []store.Key{key("a")}, Kind: "alert"},
		"ref and kind":        {Ref: ref("x"), Kind: "alert"},
		"cursor is no base64": {Kind: "alert", After: "!"},
		"cursor is too short": {Kind: "alert", After: "AAU"},
		"cursor has no parts": {Kind: "alert", After: "AA"},
	} {
		_, err := s.Read(t.Context(), q)
		assert.Error(t, err, name)
	}
}

func TestPagesAreAHundredByDefault(t *testing.T) {
	s := memory.New()
	var b store.Batch
	for i := range 250 {
		b.Put = append(b.Put, store.Change{Key: key(fmt.Sprintf("%03d", i)), Rec: i})
	}
	mustUpdate(t, s, b)
	assert.Len(t, read(t, s, store.Query{Tenant: "shop", Kind: "alert"}), 100)
	assert.Len(t, rowIDs(t, s, store.Query{Tenant: "shop", Kind: "alert"}), 250)
}

func TestAPageBeginsBehindWhatIsGone(t *testing.T) {
	s := memory.New()
	var b store.Batch
	for i := range 4 {
		b.Put = append(b.Put, store.Change{Key: key(fmt.Sprint(i)), Rec: i, Priority: p3})
	}
	mustUpdate(t, s, b)
	first := read(t, s, store.Query{Tenant: "shop", Kind: "alert", Limit: 2})
	mustUpdate(t, s, store.Batch{Put: []store.Change{{Key: key("1"), Version: 1}, {Key: key("2"), Version: 1}}})
	assert.Equal(t, []string{"3"}, rowIDs(t, s, store.Query{Tenant: "shop", Kind: "alert", After: first[1].Cursor}))
}

func TestTimelineIsInSeqOrder(t *testing.T) {
	s := memory.New()
	entry := func(seq uint64, doc string) store.Entry {
		return store.Entry{Seq: seq, At: at(int(seq)), Kind: "note", Doc: []byte(doc)}
	}
	mustUpdate(t, s, store.Batch{Put: []store.Change{
		{Key: key("a"), Rec: 1, Entries: []store.Entry{entry(1, "one"), entry(4, "four")}},
	}})
	mustUpdate(t, s, store.Batch{Put: []store.Change{
		{Key: key("a"), Version: 1, Rec: 2, Entries: []store.Entry{entry(3, "three"), entry(2, "two")}},
	}})
	docs := func() (out []string) {
		for _, e := range read(t, s, store.Query{Keys: []store.Key{key("a")}, Timeline: true})[0].Entries {
			out = append(out, string(e.Doc))
		}
		return out
	}
	assert.Equal(t, []string{"one", "two", "three", "four"}, docs())
	assert.Nil(t, read(t, s, store.Query{Keys: []store.Key{key("a")}})[0].Entries, "not asked for")
	mustUpdate(t, s, store.Batch{Put: []store.Change{{Key: key("a"), Version: 2}}})
	mustUpdate(t, s, store.Batch{Put: []store.Change{{Key: key("a"), Rec: 1, Entries: []store.Entry{entry(1, "anew")}}}})
	assert.Equal(t, []string{"anew"}, docs(), "a deleted record's timeline is gone")
}

func TestLogIsKeptUpToABound(t *testing.T) {
	s := memory.New()
	doc := bytes.Repeat([]byte("x"), 1<<20)
	for i := range 80 {
		mustUpdate(t, s, store.Batch{Now: at(i), Log: doc})
	}
	mustUpdate(t, s, store.Batch{Now: at(80)}) // no row
	rows := read(t, s, store.Query{Kind: "log"})
	require.NotEmpty(t, rows)
	assert.Len(t, rows, 63, "64 MiB, less what the rows themselves take")
	assert.Equal(t, store.Entry{Seq: 18, At: at(17), Kind: "log", Doc: doc}, rows[0].Rec)
	assert.Equal(t, store.Key{Kind: "log", ID: "00000000000000000018"}, rows[0].Key)
	assert.Empty(t, read(t, s, store.Query{Tenant: "shop", Kind: "log"}), "the log belongs to no tenant")

	before := rows[10].Cursor
	assert.Equal(t, rows[11].Key, read(t, s, store.Query{Kind: "log", After: before})[0].Key)
	byKey := []store.Key{rows[0].Key}
	for _, id := range []string{"00000000000000000001", "x", "18"} {
		byKey = append(byKey, store.Key{Kind: "log", ID: id})
	}
	assert.Len(t, read(t, s, store.Query{Keys: byKey}), 1)
	mustUpdate(t, s, store.Batch{Log: bytes.Repeat(doc, 65)})
	assert.Empty(t, read(t, s, store.Query{Kind: "log"}), "a row beyond the bound is not kept either")
}

// TestNothingIsShared changes every slice and pointer that went in or came out.
func TestNothingIsShared(t *testing.T) {
	s := memory.New()
	payload, doc, log := []byte("page"), []byte("note"), []byte("input")
	lease := &store.Lease{Owner: "birth", Until: at(30)}
	x := task("a", at(0))
	x.Payload, x.Lease = payload, lease
	mustUpdate(t, s, store.Batch{
		Log: log, Tasks: []store.Task{x},
		Put: []store.Change{{Key: key("a"), Rec: 1, Entries: []store.Entry{{Seq: 1, Doc: doc}}}},
	})
	payload[0], doc[0], log[0], lease.Until = 'X', 'X', 'X', at(0)
	for range 2 {
		entries := read(t, s, store.Query{Keys: []store.Key{key("a")}, Timeline: true})[0].Entries
		assert.Equal(t, []byte("note"), entries[0].Doc)
		entries[0].Doc[0], entries[0].Kind = 'X', "X"

		row := read(t, s, store.Query{Kind: "log"})[0].Rec.(store.Entry)
		assert.Equal(t, []byte("input"), row.Doc)
		row.Doc[0] = 'X'

		shown := read(t, s, store.Query{Tenant: "shop", Kind: "task"})[0].Rec.(store.Task)
		assert.Equal(t, []byte("page"), shown.Payload)
		assert.Equal(t, store.Lease{Owner: "birth", Until: at(30), Fence: 1}, *shown.Lease)
		shown.Payload[0], shown.Lease.Fence = 'X', 9
	}
	taken := claim(t, s, at(30)).Tasks[0]
	assert.Equal(t, []byte("page"), taken.Payload)
	taken.Payload[0], taken.Lease.Fence = 'X', 9
	again := claim(t, s, at(60)).Tasks[0]
	assert.Equal(t, []byte("page"), again.Payload)
	assert.Equal(t, uint64(3), again.Lease.Fence)
}

// TestInstantsAreUTC passes instants of a local zone, and one with a monotonic reading.
func TestInstantsAreUTC(t *testing.T) {
	s := memory.New()
	local := time.Now().In(time.FixedZone("local", 3_600))
	x := task("a", local)
	x.Expires = local
	mustUpdate(t, s, store.Batch{
		Now: local, Log: []byte("x"), Tasks: []store.Task{x},
		Put: []store.Change{{Key: key("a"), Rec: 1, Priority: 1, Due: local, Entries: []store.Entry{{At: local}}}},
	})
	want := local.UTC()
	next := claim(t, s, local.Add(-time.Second)).Next
	c := claim(t, s, local)
	assert.Equal(t, []time.Time{want, want, want, want, want.Add(30 * time.Second), want}, []time.Time{
		next, c.Tasks[0].Due, c.Tasks[0].Expires,
		read(t, s, store.Query{Kind: "log"})[0].Rec.(store.Entry).At, c.Tasks[0].Lease.Until,
		read(t, s, store.Query{Keys: []store.Key{key("a")}, Timeline: true})[0].Entries[0].At,
	})
}

func TestAfterClose(t *testing.T) {
	s := memory.New()
	require.NoError(t, s.Close())
	assert.ErrorIs(t, update(t, s, store.Scope{}, store.Batch{}), store.ErrClosed)
	_, err := s.Read(t.Context(), store.Query{})
	assert.ErrorIs(t, err, store.ErrClosed)
	_, err = s.Claim(t.Context(), store.ClaimRequest{Limit: 1})
	assert.ErrorIs(t, err, store.ErrClosed)
	_, err = s.Trim(t.Context(), at(0), 1)
	assert.ErrorIs(t, err, store.ErrClosed)
	assert.ErrorIs(t, s.Close(), store.ErrClosed)
}

// TestAPanicInDecideHarmsNobody shows that the lock is given back and that the next view is clean.
func TestAPanicInDecideHarmsNobody(t *testing.T) {
	s := memory.New()
	assert.Panics(t, func() {
		_ = s.Update(t.Context(), store.Scope{Write: []store.Key{key("a")}}, func(store.View) (store.Batch, store.Need, error) {
			panic("rule")
		})
	})
	assert.Equal(t, map[store.Key]store.Snapshot{key("b"): {Key: key("b")}},
		look(t, s, store.Scope{Write: []store.Key{key("b")}}).Records)
}
