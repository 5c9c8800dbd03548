package sqlite_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
	"github.com/tocsin-dev/tocsin/store/codec"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// Personal data of ana, which must be erased.
const (
	anasMail   = "ana@example.org"
	anasPhone  = "+49151123"
	anasName   = "Ana Lima"
	anasReason = "the queue was mine, sorry"
	bensMail   = "ben@example.org"
)

func anaAndBen() *catalog.Catalog {
	c := catalog.Builtin([]event.Class{{Name: "pay.*", Owner: "shop", Severity: severity.Critical}})
	c.Policies["default"] = escalate.Policy{Levels: []escalate.Level{
		{Page: []escalate.Target{"owner"}, Wait: time.Minute}, {Page: []escalate.Target{"person:ben"}, Wait: time.Minute},
	}}
	c.People = map[escalate.PersonID]catalog.Person{
		"ana": {Contacts: []escalate.Contact{"mail:" + anasMail, "sms:" + anasPhone}}, "ben": {Contacts: []escalate.Contact{"mail:" + bensMail}},
	}
	c.Teams["shop"] = catalog.Team{Members: []escalate.PersonID{"ana"}}
	return c
}

// TestErase checks that neither the tables nor the bytes of the file and its write-ahead log hold ana's data after an
// Erase, including data that was replaced or deleted long before. The data of ben must stay, and the file must be sound.
func TestErase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		bell, stop := anaIsPaged(t, s)
		before := tables(t, s)
		for _, text := range []string{anasMail, anasPhone, anasName, anasReason} {
			require.Contains(t, before, text)
			require.NotEmpty(t, traces(t, path, text), text)
		}
		done, err := bell.Erase(t.Context(), "", "ana", anasName)
		require.NoError(t, err)
		assert.Zero(t, done.Left)
		after := tables(t, s)
		for _, text := range []string{anasMail, anasPhone, anasName, anasReason} {
			assert.NotContains(t, after, text)
			assert.Empty(t, traces(t, path, text), text)
		}
		const bens = "level 2  ben  mail"
		require.Positive(t, strings.Count(before, bens))
		assert.Equal(t, strings.Count(before, bens), strings.Count(after, bens))
		assert.NotEmpty(t, traces(t, path, bensMail))
		again, err := bell.Erase(t.Context(), "", "ana", anasName)
		require.NoError(t, err)
		assert.Equal(t, tocsin.Erased{}, again)
		stop()
		require.NoError(t, s.Check(t.Context()))
		_, err = sim.Replay(t.Context(), anaAndBen(), s)
		require.NoError(t, err)
	})
	for _, text := range []string{anasMail, anasPhone, anasName, anasReason} {
		assert.Empty(t, traces(t, path, text), "%s, closed", text)
	}
}

// anaIsPaged runs an engine until it has paged ana several times, and ben.
func anaIsPaged(t *testing.T, s store.Store) (bell *tocsin.Engine, stop func()) {
	t.Helper()
	mail := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
		if m.Person == "ana" && m.Channel == "mail" {
			return notify.Receipt{}, notify.Permanent(errors.New("no such mailbox"))
		}
		return notify.Receipt{}, nil
	})
	bell, err := tocsin.New(&tocsin.Config{
		Store: s, Catalog: anaAndBen(), Notifiers: map[string]notify.Notifier{"mail": mail, "sms": mail, escalate.DefaultChannel: mail},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bell.Run(ctx) }()
	for i := range 7 {
		kind := fmt.Sprint("pay.", i)
		require.NoError(t, bell.Submit(t.Context(), event.Event{Type: kind, Summary: "asked by " + anasName + strings.Repeat(" again", 50*i)}))
		time.Sleep(90 * time.Second)
		synctest.Wait()
		open, err := bell.Incidents(t.Context(), tocsin.Query{Phase: incident.Active})
		require.NoError(t, err)
		require.Len(t, open, 1)
		id := open[0].ID
		require.NoError(t, bell.Do(t.Context(), respond.Acknowledge{Incident: id, By: "ana", Via: "phone"}))
		require.NoError(t, bell.Do(t.Context(), respond.Resolve{Incident: id, By: "ana", Alerts: true, Override: anasReason}))
		time.Sleep(time.Minute)
		synctest.Wait()
	}
	return bell, func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

// tables prints everything that Read returns.
func tables(t *testing.T, s store.Store) string {
	t.Helper()
	out := ""
	for _, kind := range codec.Kinds() {
		rows, err := s.Read(t.Context(), store.Query{Kind: kind, Timeline: true, Limit: 1_000})
		require.NoError(t, err)
		for _, row := range rows {
			doc, err := codec.New().Encode(kind, codec.Schema, row.Rec)
			require.NoError(t, err)
			out += fmt.Sprintf("\n%v %s", row.Key, doc)
			for _, e := range row.Entries {
				out += fmt.Sprintf("\n%s %s", e.Kind, e.Doc)
			}
		}
	}
	rows, err := s.Read(t.Context(), store.Query{Kind: store.KindTask, Limit: 1_000})
	require.NoError(t, err)
	for _, row := range rows {
		out += "\n" + string(row.Rec.(store.Task).Payload)
		for _, e := range row.Entries {
			out += " " + string(e.Doc)
		}
	}
	rows, err = s.Read(t.Context(), store.Query{Kind: store.KindLog, Limit: 10_000})
	require.NoError(t, err)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(row.Rec.(store.Entry).Doc)))
		require.NoError(t, err)
		out += "\n" + string(doc)
	}
	return out
}

// traces returns the files of the database that contain a text.
func traces(t *testing.T, path, text string) (in []string) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		if bytes.Contains(raw, []byte(text)) {
			in = append(in, filepath.Base(file))
		}
	}
	return in
}

// TestEraseWaitsForReads checks that Erase reports old bytes in the file while a long read uses the write-ahead log.
func TestEraseWaitsForReads(t *testing.T) {
	s, err := openTexts(filepath.Join(t.TempDir(), "db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.Hurry())
	write := func(version uint64) error {
		return s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
			c := store.Change{Key: store.Key{Kind: "alert", ID: "a"}, Version: version, Rec: "x"}
			return store.Batch{Now: time.Now(), Put: []store.Change{c}}, store.Need{}, nil
		})
	}
	asIs := func(_ store.Key, doc []byte) ([]byte, error) { return doc, nil }
	require.NoError(t, write(0))
	reader, err := s.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRowContext(t.Context(), "SELECT count(*) FROM record").Scan(&n))
	_, err = s.Erase(t.Context(), asIs)
	require.ErrorContains(t, err, "a long read is using the write-ahead log")
	require.NoError(t, reader.Rollback())
	_, err = s.Erase(t.Context(), asIs)
	require.NoError(t, err)
	require.NoError(t, write(1), "the store goes on")
}
