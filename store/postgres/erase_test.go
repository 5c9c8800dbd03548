package postgres_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// Personal data of ana, which must be erased.
const (
	anasMail   = "ana@example.org"
	anasPhone  = "+49151123"
	anasName   = "Ana Lima"
	anasReason = "the queue was mine, sorry"
)

func anaAndBen() *catalog.Catalog {
	c := catalog.Builtin([]event.Class{{Name: "pay.*", Owner: "shop", Severity: severity.Critical}})
	c.Policies["default"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"owner", "person:ben"}, Wait: time.Hour}}}
	c.People = map[escalate.PersonID]catalog.Person{
		"ana": {Contacts: []escalate.Contact{"mail:" + anasMail, "sms:" + anasPhone}}, "ben": {Contacts: []escalate.Contact{"mail:ben@example.org"}},
	}
	c.Teams["shop"] = catalog.Team{Members: []escalate.PersonID{"ana"}}
	return c
}

// TestErase erases on one replica while another decides about the same incidents from its cache. No erased text may come
// back, no decision may be lost, and the data of ben must stay.
func TestErase(t *testing.T) {
	const incidents, each = 4, 10
	db := newDatabase(t)
	ctx, stop := context.WithCancel(t.Context())
	mail := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
		if m.To == anasMail {
			return notify.Receipt{}, notify.Permanent(errors.New("no such mailbox"))
		}
		return notify.Receipt{}, nil
	})
	var engines []*tocsin.Engine
	var s *postgres.Store
	for range 2 {
		one, err := postgres.New(t.Context(), db.mustOpen(3).pool, postgres.Config{Schema: db.schema})
		require.NoError(t, err)
		t.Cleanup(func() { _ = one.Close() })
		s = one
		bell, err := tocsin.New(&tocsin.Config{
			Store: s, Catalog: anaAndBen(), StopWithin: time.Second,
			Notifiers: map[string]notify.Notifier{"mail": mail, "sms": mail, escalate.DefaultChannel: mail},
		})
		require.NoError(t, err)
		engines = append(engines, bell)
	}
	ended := make(chan error, 1)
	go func() { ended <- engines[0].Run(ctx) }()
	var ids []string
	for i := range incidents {
		kind := fmt.Sprint("pay.", i)
		require.NoError(t, engines[0].Submit(ctx, event.Event{Type: kind, Summary: "asked by " + anasName, Labels: map[string]string{"by": anasMail}}))
	}
	open, err := engines[0].Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	require.Len(t, open, incidents)
	for _, inc := range open {
		ids = append(ids, inc.ID)
	}
	told := func(id string) int {
		inc, err := engines[1].Incident(t.Context(), id)
		require.NoError(t, err)
		return len(inc.Told)
	}
	for _, id := range ids {
		require.Eventually(t, func() bool { return told(id) == 2 }, 20*time.Second, 20*time.Millisecond)
		require.NoError(t, engines[0].Do(ctx, respond.Reprioritise{Incident: id, By: "ana", Priority: severity.P2, Because: anasReason}))
	}
	stop()
	require.NoError(t, <-ended)
	before := tables(t, db, s)
	for _, text := range []string{anasMail, anasPhone, anasName, anasReason} {
		require.Contains(t, before, text)
	}

	var deciding sync.WaitGroup
	for _, id := range ids {
		deciding.Go(func() {
			for i := range each {
				c := respond.Reprioritise{Incident: id, By: "ben", Priority: severity.P3 - severity.Priority(i%2), Because: fmt.Sprint("ben ", i)}
				assert.NoError(t, engines[0].Do(t.Context(), c))
			}
		})
	}
	_, err = engines[1].Erase(t.Context(), "", "ana", anasName)
	deciding.Wait()
	require.NoError(t, err)
	done, err := engines[1].Erase(t.Context(), "", "ana", anasName)
	require.NoError(t, err)
	assert.Zero(t, done.Left)
	for _, id := range ids {
		require.NoError(t, engines[0].Do(t.Context(), respond.Resolve{Incident: id, By: "ben", Alerts: true, Override: "done"}))
		timeline, err := engines[1].Timeline(t.Context(), id)
		require.NoError(t, err)
		forced := 0
		for i, e := range timeline {
			assert.EqualValues(t, i+1, e.Seq)
			if e.Word == incident.WordPriority {
				forced++
			}
		}
		assert.Equal(t, 1+each, forced)
		assert.Equal(t, 1, told(id), "ben")
	}
	after := tables(t, db, s)
	for _, text := range []string{anasMail, anasPhone, anasName, anasReason} {
		assert.NotContains(t, after, text)
	}
	assert.Contains(t, after, "ben@example.org")
	_, err = sim.Replay(t.Context(), anaAndBen(), s)
	require.NoError(t, err)
}

// tables prints the contents of every table.
func tables(t *testing.T, db *database, s *postgres.Store) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	var out bytes.Buffer
	for table, columns := range map[string]string{
		"record": "x.id || x.refs || convert_from(x.doc, 'UTF8')", "entry": "convert_from(x.doc, 'UTF8')", "ref": "x::text",
		"task": "x.id || x.lane || x.reason || convert_from(x.payload, 'UTF8')",
	} {
		rows, err := conn.Query(t.Context(), "SELECT "+columns+" FROM "+db.table(table)+" x")
		require.NoError(t, err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, text := range texts {
			fmt.Fprintf(&out, "%s %s\n", table, text)
		}
	}
	rows, err := s.Read(t.Context(), store.Query{Kind: store.KindLog, Limit: 10_000})
	require.NoError(t, err)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(row.Rec.(store.Entry).Doc)))
		require.NoError(t, err)
		fmt.Fprintf(&out, "log %s\n", doc)
	}
	return out.String()
}
