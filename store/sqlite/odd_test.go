package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// TestOddData: what a file cannot keep is a data error of the call alone, and the store goes on.
func TestOddData(t *testing.T) {
	s, err := openTexts(filepath.Join(t.TempDir(), "db"))
	require.NoError(t, err)
	defer s.Close()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	update := func(b store.Batch) error {
		b.Now = now
		return s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil })
	}
	put := func(id string, rec any) store.Change {
		return store.Change{Key: store.Key{Kind: "alert", ID: id}, Rec: rec, Priority: 3}
	}
	late := put("late", "x")
	late.Due = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	many := put("many", "x")
	many.Refs = make([]store.Ref, 17)
	task := store.Task{ID: "a\xff", Record: store.Key{Kind: "alert", ID: "x"}, Priority: 3, Due: now}
	for name, b := range map[string]store.Batch{
		"a zero byte in a key":           {Put: []store.Change{put("a\x00", "x")}},
		"a key that is no text":          {Put: []store.Change{put("a\xff", "x")}},
		"the id of a task, no text":      {Tasks: []store.Task{task}},
		"the same id once more, twice":   {Tasks: []store.Task{task, task}},
		"an instant far ahead":           {Put: []store.Change{late}},
		"a record without a form":        {Put: []store.Change{put("form", 7)}},
		"a contract that is broken":      {Put: []store.Change{many}},
		"a good record beside a bad one": {Put: []store.Change{put("good", "x"), put("a\x00", "x")}},
	} {
		err := update(b)
		require.ErrorIs(t, err, store.ErrData, name)
		require.NotErrorIs(t, err, store.ErrUnknown, name)
		require.NoError(t, update(store.Batch{Put: []store.Change{put("after "+name, "x")}}), name)
	}
	rows, err := s.Read(t.Context(), store.Query{Kind: "alert"})
	require.NoError(t, err)
	require.Len(t, rows, 8, "the plain ones")
}
