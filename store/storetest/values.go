package storetest

import (
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// at returns the instant that many seconds after the start.
func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func key(id string) store.Key { return store.Key{Tenant: "shop", Kind: "alert", ID: id} }

func ref(name string) store.Ref { return store.Ref{Tenant: "shop", Name: name} }

func event(id string) store.EventID { return store.NewEventID("shop", "prometheus", id) }

func fenced(id string, fence uint64) store.Claim { return store.Claim{ID: id, Fence: fence} }

// task returns a P3 task in the queue and lane "sms" of record r. Its rank is its due instant.
func task(id string, due time.Time) store.Task {
	return store.Task{
		ID: id, Record: key("r"), Queue: "sms", Order: "sms", Priority: p3, Rank: due.UnixNano(), Due: due, Kind: "page",
	}
}

// inLane returns t in another lane of its record.
func inLane(t store.Task, order string) store.Task {
	t.Order = order
	return t
}

func tagged(t store.Task, tag string) store.Task {
	t.Tag = tag
	return t
}

func ranked(t store.Task, rank int64) store.Task {
	t.Rank = rank
	return t
}

func born(t store.Task, until time.Time) store.Task {
	t.Lease = &store.Lease{Owner: "birth", Until: until}
	return t
}

func taskIDs(tasks []store.Task) []string {
	var out []string
	for _, t := range tasks {
		out = append(out, t.ID)
	}
	return out
}

func idsOf(rows []store.Snapshot) []string {
	var out []string
	for _, row := range rows {
		out = append(out, row.Key.ID)
	}
	return out
}
