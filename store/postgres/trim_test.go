package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// rows counts the rows of a table.
func (h *handle) rows(table string) (n int) {
	h.db.t.Helper()
	require.NoError(h.db.t, h.pool.QueryRow(h.db.t.Context(), "SELECT count(*) FROM "+h.db.table(table)).Scan(&n))
	return n
}

// TestTrimLeavesNothingBehind trims records with refs and timelines, and checks the tables themselves.
func TestTrimLeavesNothingBehind(t *testing.T) {
	s := newDatabase(t).mustOpen(1)
	var b store.Batch
	for i := range 5 {
		b.Put = append(b.Put, store.Change{
			Key: key(fmt.Sprint(i)), Rec: "x", Ended: at(i), Priority: 1, Due: start,
			Refs:    []store.Ref{{Tenant: "shop", Kind: "a \"kind\"", Name: "é\\"}, {Tenant: "other", Name: fmt.Sprint(i)}},
			Entries: []store.Entry{{Seq: 1, At: start}, {Seq: 2}},
		})
	}
	require.NoError(t, update(t.Context(), s, store.Scope{}, b))
	n, err := s.Trim(t.Context(), at(3), 100)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	for table, want := range map[string]int{"record": 2, "entry": 4, "ref": 4} {
		assert.Equal(t, want, s.rows(table), table)
	}
}

// TestEventIDsLeave stores more than a million ids. Trim must remove those older than the window, then the oldest beyond
// a million, a bounded number in each call.
func TestEventIDsLeave(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, not tested: a million rows take their time")
	}
	db := newDatabase(t)
	s := db.mustOpen(1)
	require.NoError(t, update(t.Context(), s, store.Scope{Events: []store.EventID{eventID("day before")}}, store.Batch{}))
	db.exec("INSERT INTO "+db.table("seen")+" SELECT decode(md5(n::text), 'hex'), $1::bigint + n / 1000 * 1000000000 "+
		"FROM generate_series(1::bigint, 1005000) n",
		at(3_600).UnixNano())
	db.exec("ANALYZE " + db.table("seen"))
	day := 24 * time.Hour
	_, err := s.Trim(t.Context(), at(3_600).Add(day), 0)
	require.NoError(t, err)
	assert.InDelta(t, 1_000_000, s.rows("seen"), 1_000, "no fewer than a million, and the rest of a second")
	assert.GreaterOrEqual(t, s.rows("seen"), 1_000_000)
	_, err = s.Trim(t.Context(), at(9_000).Add(day), 0)
	require.NoError(t, err)
	assert.InDelta(t, 990_000, s.rows("seen"), 1_000, "ten thousand a call, by the clock")
}
