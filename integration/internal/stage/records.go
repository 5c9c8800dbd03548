package stage

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
)

// Timeline is an incident and what stands on its timeline.
type Timeline struct {
	*core.Incident
	Key   store.Key
	Lines []incident.Entry
}

// Timelines reads every incident of a store, in the order of their keys.
func Timelines(t *testing.T, s store.Store) []Timeline {
	t.Helper()
	var list []Timeline
	for _, row := range Rows(t, s, store.Query{Kind: core.KindIncident, Timeline: true}) {
		list = append(list, Timeline{row.Rec.(*core.Incident), row.Key, Lines(t, row.Entries)})
	}
	return list
}

// Lines decodes the entries of a timeline.
func Lines(t *testing.T, entries []store.Entry) []incident.Entry {
	t.Helper()
	lines := make([]incident.Entry, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Doc, &lines[i]); err != nil {
			t.Fatal(err)
		}
	}
	return lines
}

// Text writes a line of a timeline in full.
func Text(e *incident.Entry) string {
	return fmt.Sprintf("%d %s %s %s", e.Seq, e.At.UTC().Format(time.RFC3339Nano), e.Word.Kind(), e.Line(e.At))
}

// Tasks reads the tasks of a store that are still to be done.
func Tasks(t *testing.T, s store.Store) []store.Task {
	t.Helper()
	var tasks []store.Task
	for _, state := range [...]string{"waiting", "leased"} {
		for _, row := range Rows(t, s, store.Query{Kind: store.KindTask, State: state}) {
			tasks = append(tasks, row.Rec.(store.Task))
		}
	}
	return tasks
}

// Everything shows all that a store holds: records as documents with their versions and timelines, tasks, and the input log.
func Everything(t *testing.T, s store.Store) []string {
	t.Helper()
	var all []string
	c := codec.New()
	for _, kind := range codec.Kinds() {
		for _, row := range Rows(t, s, store.Query{Kind: kind, Timeline: true}) {
			doc, err := c.Encode(kind, codec.Schema, row.Rec)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("%v %d %s", row.Key, row.Version, doc))
			for _, line := range Lines(t, row.Entries) {
				all = append(all, Text(&line))
			}
		}
	}
	for _, row := range Rows(t, s, store.Query{Kind: store.KindTask}) {
		task := row.Rec.(store.Task)
		if task.Lease != nil { // shown by itself, and without the name, which every engine makes for itself
			all = append(all, fmt.Sprintf("%v %d", task.Lease.Until, task.Lease.Fence))
			task.Lease = nil
		}
		all = append(all, fmt.Sprintf("%+v", task))
	}
	for _, row := range Rows(t, s, store.Query{Kind: store.KindLog}) {
		e := row.Rec.(store.Entry)
		all = append(all, fmt.Sprintf("log %v %x", e.At, e.Doc))
	}
	return all
}

// Rows reads all that a query finds.
func Rows(t *testing.T, s store.Store, q store.Query) []store.Snapshot {
	t.Helper()
	var all []store.Snapshot
	q.Limit = 1_000
	for {
		page, err := s.Read(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		q.After = page[len(page)-1].Cursor
	}
}
