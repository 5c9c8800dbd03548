package core

import (
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
	"github.com/tocsin-dev/tocsin/store"
)

// Kinds of record in the store.
const (
	KindAlert      = "alert"
	KindGroup      = "group"
	KindIncident   = "incident"
	KindChange     = "change"
	KindPlan       = "plan"   // a [catalog.Pinned], by its hash
	KindLedger     = "ledger" // a [run.Ledger], by its runbook
	KindSwitch     = "switch" // a [run.Switch]
	KindSubscriber = "subscriber"
	KindMailing    = "mailing" // an update on its way to the subscribers of a list
	// KindUnreadable is the kind of [Unreadable].
	KindUnreadable = "unreadable"
)

// kind is one kind of record. Codec, erasure, indexing and due dates go by the table of kinds.
type kind struct {
	name  string
	blank func() any
	// index fills in how the store finds and lists the record.
	index func(*turn, *record, *store.Change)
	// The next three are nil for kinds that are never due. load returns the working copy, due the next deadline, and act does what
	// is due then. Groups are advanced as units instead.
	load func(*turn, store.Key) *record
	due  func(rec any) (time.Time, bool)
	act  func(*turn, *record, time.Time) bool
}

// kinds is the table of all kinds.
func kinds() []kind {
	return []kind{
		kindOf(KindIncident, indexIncident), // first: erasure learns from timelines what a person wrote
		kindOf(KindAlert, indexAlert),
		kindOf(KindGroup, indexGroup),
		kindOf(KindChange, indexChange),
		kindOf(KindPlan, unlisted[catalog.Pinned]),
		kindOf(KindLedger, unlisted[run.Ledger]),
		kindOf(KindSwitch, unlisted[run.Switch]),
		timed(kindOf(KindSubscriber, indexSubscriber), (*Subscriber).due, lapse),
		timed(kindOf(KindMailing, indexMailing), (*Mailing).due, fanOut),
		kindOf(KindUnreadable, indexUnreadable),
	}
}

// kindOf makes a row of the table.
func kindOf[T any](name string, index func(*turn, *record, *T, *store.Change)) kind {
	return kind{
		name: name, blank: func() any { return new(T) },
		index: func(t *turn, r *record, c *store.Change) { index(t, r, r.rec.(*T), c) },
	}
}

// timed gives a kind deadlines of its own.
func timed[T any](k kind, due func(*T) (time.Time, bool), act func(*turn, *record, *T, time.Time) bool) kind {
	k.load = func(t *turn, key store.Key) *record { r, _ := load[T](t, key); return r }
	k.due = func(rec any) (time.Time, bool) { return due(rec.(*T)) }
	k.act = func(t *turn, r *record, at time.Time) bool { return act(t, r, r.rec.(*T), at) }
	return k
}

// unlisted is the index of records that are found by key only.
func unlisted[T any](*turn, *record, *T, *store.Change) {}

// Kinds returns the names of all kinds of record.
func (c *Core) Kinds() []string {
	names := make([]string, len(c.kinds))
	for i := range c.kinds {
		names[i] = c.kinds[i].name
	}
	return names
}
