package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"time"
)

// Errors that callers branch on; stores wrap them.
var (
	ErrConflict = errors.New("store: a record has moved on since it was read")
	ErrUnknown  = errors.New("store: the outcome of the commit is not known")
	ErrNewer    = errors.New("store: the record was written by a newer replica")
	ErrClosed   = errors.New("store: closed")
)

// Store holds records, tasks and the input log. Every method may be called concurrently; none reads a clock. Nothing is
// called after Close has begun, and what is called all the same answers ErrClosed. store/storetest holds a store to the
// rules below, and docs/writing-a-store.md says what they mean for the one who builds it.
//
//  1. Update commits all of a Batch or nothing; one that breaks the contract of its types is refused whole.
//  2. An Update whose Change names another version than the stored one fails with ErrConflict.
//  3. decide is pure: it may run any number of times for one Update, and the Batch of its last run is committed.
//  4. A Need that is not empty discards the Batch; decide runs again with a View that holds what was asked for too.
//  5. A View holds every key in scope, Version 0 for a record that does not exist, and refs in key order.
//  6. Refs answer exactly what the committed records publish.
//  7. A key in Scope.Read cannot change before the commit.
//  8. Claim returns due keys by (priority, due), and tasks by rank, heads of their lanes only.
//  9. MaxPriority 1 returns only P1, and no queue gives more tasks than the request allows it.
//  10. A task born leased is not claimed before its lease ends; it is refused unless its lane is empty.
//  11. A fence starts at 1 when born leased, else at 0, and each Claim adds 1; of a task that is gone none is Valid.
//  12. A lease that ran out but was not taken over still settles; one that was taken over shows as not Valid.
//  13. Cancel removes every unsettled task of a record that carries the tag; the next of the lane becomes its head.
//  14. Settle with Retry moves a task's instant, never its place; with Dead it leaves its lane and stays readable.
//  15. An event id committed once is Seen for 24 hours of Batch.Now, or until a million newer ones came.
//  16. Trim takes only what ended before the instant, at most limit rows, and fewer only if nothing more is left.
//  17. A record that reads as Newer keeps its document: a Change to it fails with ErrNewer, and nothing of its Batch stays.
//  18. After ErrUnknown the Batch was committed whole or not at all; repeated with its event ids it is applied once.
//  19. An error of one decide, or of one Batch, never fails an Update that runs at the same time.
//  20. An empty Batch without event ids writes nothing: no version moves, and the log gets no row.
//  21. What is read is what was committed: bytes as they were, instants in UTC to the nanosecond, nothing shared.
//  22. Read finds what exists: by Keys or Ref in key order, by Kind in priority order; a page begins behind its cursor.
//  23. Next is the earliest instant at which the same request could get more, and Now if Limit left something behind.
//  24. Keep prolongs what is still ours, even past its end, and never makes a lease shorter; the rest is Lost.
//  25. Calls at the same time are as if one after the other: no change is lost, and no task claimed twice.
//  26. A call whose context is done fails and does not run decide; after Close every call fails with ErrClosed.
//  27. What was committed is there when the store is opened again.
//  28. A Waker's channel is there and stays open as long as the store is.
//  29. In whatever order calls come, their answers are those that these rules give.
//  30. An Eraser shows edit each document of the log, of dead tasks and timelines, and keeps what it returns; all else stays.
type Store interface {
	// Update is the only path that changes state. It locks the scope, calls decide with what it found and commits ALL of
	// the Batch in one durable transaction, or nothing. An error of decide is returned as it is and commits nothing. nil
	// means durable; an error that wraps ErrUnknown means that the outcome is not known, and repeating with the same
	// event ids is safe.
	Update(ctx context.Context, sc Scope, decide func(View) (Batch, Need, error)) error
	// Read finds records by key, by ref, or by kind and state in priority order; paged; with the timeline if asked.
	Read(ctx context.Context, q Query) ([]Snapshot, error)
	// Claim leases due heads of lanes in rank order, prolongs r.Keep, and tells which records are due and when to come back.
	Claim(ctx context.Context, r ClaimRequest) (Claimed, error)
	// Trim forgets what ended before an instant, at most limit rows a call, and returns how many it forgot.
	Trim(ctx context.Context, before time.Time, limit int) (int, error)
	io.Closer
}

// Waker is an optional ability of a Store that several replicas share: the channel hints that work may be due. It may
// drop hints and give spurious ones; polling alone must be enough.
type Waker interface{ Wake() <-chan struct{} }

// Eraser is an optional ability of a Store: to change what otherwise is only added to, where it must be forgotten. edit gets
// each document with the key under which it is read: rows of the log first, then payloads and reasons of dead tasks, then the
// entries of records. What it returns stands in the document's place. edit is called by one goroutine at a time, and must not
// call the store.
//
// Erase goes in steps, beside other calls; what is written meanwhile may be left out. An error of edit ends it, and is wrapped:
// what was done before stays, and a further call goes through all again. It returns how many documents have changed. nil means
// that they are durable, and that the store holds no trace of those before, as far as it can tell.
type Eraser interface {
	Erase(ctx context.Context, edit func(of Key, doc []byte) ([]byte, error)) (int, error)
}

// Codec turns records into documents and back, for a Store that writes bytes. It is called by kind and with the schema
// number that stands beside the document, by several goroutines at once. Decode fails with an error that wraps ErrNewer
// where it does not know the number because the document came after it; the store then shows the record as Newer.
type Codec interface {
	Encode(kind string, schema uint16, rec any) ([]byte, error)
	Decode(kind string, schema uint16, doc []byte) (any, error)
}

// Key names a record. Keys compare by tenant, kind and id, which is the lock order.
type Key struct{ Tenant, Kind, ID string }

// Compare orders keys.
func (k Key) Compare(o Key) int {
	if c := strings.Compare(k.Tenant, o.Tenant); c != 0 { // not cmp.Or, which would compare all three each time
		return c
	}
	if c := strings.Compare(k.Kind, o.Kind); c != 0 {
		return c
	}
	return strings.Compare(k.ID, o.ID)
}

// Ref is a name under which records can be found without listing them. Kind sorts names, which may be equal in two kinds.
type Ref struct{ Tenant, Kind, Name string }

// EventID identifies what must be applied once.
type EventID [16]byte

// NewEventID derives the id of an event from its identity. Distinct triples never meet by concatenation.
func NewEventID(tenant, source, id string) EventID {
	h := sha256.New()
	for _, s := range [...]string{tenant, source, id} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		io.WriteString(h, s)
	}
	return EventID(h.Sum(nil)[:16])
}

// Snapshot is a record as it was read. Version 0 means that there is none.
type Snapshot struct {
	Key     Key
	Version uint64
	Rec     any     // an immutable Go value
	Entries []Entry // from Read only, as is Cursor
	Cursor  string
}

// Newer stands in Snapshot.Rec where a newer replica wrote a document that this one cannot read without losing some of it.
type Newer struct {
	Schema uint16
	Doc    []byte
}

// Scope is what an Update locks and looks up before it decides.
type Scope struct {
	Write, Read []Key // Read takes a share lock
	Refs        []Ref
	Events      []EventID
	Claims      []Claim
}

// Need is what a decision lacks. The empty Need means: decided.
type Need struct {
	Write, Read []Key
	Refs        []Ref
}

// Empty reports whether nothing is lacking.
func (n *Need) Empty() bool { return len(n.Write)+len(n.Read)+len(n.Refs) == 0 }

// View is what decide may look at, valid during the call only.
type View struct {
	Records map[Key]Snapshot // every key in scope, Version 0 where there is no record
	Refs    map[Ref][]Key    // in key order, at most 1,000
	Seen    []bool           // per event id of the scope: already applied
	Valid   []bool           // per claim of the scope: still ours
}

// Batch is the result of a decision, committed whole: records are changed first, then claims settled, then tags cancelled,
// then new tasks join their lanes in their order. One without any of it, and without a log, is empty and may lack Now.
type Batch struct {
	Now    time.Time // effective instant: dates the log row and the event-id window
	Put    []Change
	Tasks  []Task
	Cancel []CancelTag
	Settle []Settle
	Log    []byte
}

// Change writes, or deletes, one record. It replaces all that the row says; of the timeline it only adds to.
type Change struct {
	Key      Key
	Version  uint64 // the one seen; the commit fails if it moved
	Rec      any    // nil deletes
	State    string
	Due      time.Time // zero: none
	Ended    time.Time // zero: open; else Trim may take it
	Priority uint8     // 1..5
	Refs     []Ref     // at most 16
	Entries  []Entry   // appended to its timeline
}

// Entry is one line of a record's timeline. Seq is counted in the state.
type Entry struct {
	Seq  uint64
	At   time.Time
	Kind string
	Doc  []byte
}

// Task is one piece of outgoing work. Its lane is (Record, Order): tasks of one lane leave in the order in which they were
// created. Its ID is the idempotency key and is never used again. A store keeps Expires and does not act on it.
type Task struct {
	ID                string
	Record            Key
	Queue, Order, Tag string
	Priority          uint8
	Rank              int64 // Due plus a constant per priority, in ns
	Due, Expires      time.Time
	Lease             *Lease // set in a Batch: born leased
	Kind              string
	Payload           []byte
}

// Lease says who works on a task, until when, and with which fence.
type Lease struct {
	Owner string
	Until time.Time
	Fence uint64
}

// CancelTag removes every unsettled task of Record with Tag.
type CancelTag struct {
	Record Key
	Tag    string
}

// Claim is the right to settle a task, as long as nobody took it over. The last one on a dead task stays valid.
type Claim struct {
	ID    string
	Fence uint64
}

// Settle ends a claim. Retry and Dead zero: done, the row goes. Retry of a dead task brings it back, at the end of its lane.
type Settle struct {
	Claim
	Retry time.Time
	Dead  string // reason; the row stays, out of its lane
}

// ClaimRequest asks for work.
type ClaimRequest struct {
	Now         time.Time
	Owner       string
	Queues      map[string]int // how many tasks at most from each; what a full queue holds does not count for Next
	MaxPriority uint8          // 1: only P1; 0: all
	Limit       int            // of tasks in all, and of due keys
	LeaseFor    time.Duration
	Keep        []Claim // running longer than a lease
}

// Claimed is the answer to a ClaimRequest.
type Claimed struct {
	Tasks []Task
	Lost  []Claim   // of Keep: no longer ours
	Due   []Key     // by (priority, due), at most Limit; not leased
	Next  time.Time // nothing before it: sleep until then; zero: nothing waits
}

// Query selects records by Keys, or by Ref, or by Tenant and Kind (and State). Tasks and the log are read as the kinds
// "task" (states waiting, leased, dead) and "log". Tenant counts for nothing with Keys or Ref.
type Query struct {
	Keys                []Key
	Ref                 Ref
	Tenant, Kind, State string
	Timeline            bool
	After               string // Cursor of the last one seen
	Limit               int    // defaults to 100
}
