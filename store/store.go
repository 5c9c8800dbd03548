package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Errors that callers branch on. Stores wrap them, so compare with errors.Is.
var (
	ErrConflict   = errors.New("store: a record was changed since it was read")
	ErrUnknown    = errors.New("store: it is unknown whether the commit succeeded")
	ErrNewer      = errors.New("store: the record was written by a newer replica")
	ErrUnreadable = errors.New("store: the row cannot be read")
	ErrClosed     = errors.New("store: closed")
	// ErrData fails an Update, a Read or a Claim for what the caller has passed. The same call fails again, and the store is well.
	ErrData = errors.New("store: the batch holds data that this store cannot keep")
)

// Store holds records, tasks and the input log. Every method may be called concurrently, and none reads a clock. The
// caller retries; a store retries only failures that it can repair itself, such as a deadlock. No method may be called
// after Close; a call that is made nevertheless returns ErrClosed. store/storetest tests a store against the rules below.
// docs/writing-a-store.md explains them to authors of a store.
//
//  1. Update commits a Batch whole or not at all. A Batch that breaks the contract of its types is refused whole.
//  2. An Update fails with ErrConflict if a Change names another version than the stored one.
//  3. decide is pure. It may run several times in one Update; the Batch of its last run is committed.
//  4. A Need that is not empty discards the Batch: decide runs again with a View that also holds the needed keys and refs.
//  5. A View holds every key in scope, with Version 0 for a record that does not exist, and the keys of each ref in key order.
//  6. A ref finds exactly the committed records that publish it.
//  7. A key in Scope.Read cannot change before the commit.
//  8. Claim returns due keys by (priority, due) and tasks by rank. Only the head of a lane can be claimed.
//  9. MaxPriority 1 returns only P1. No queue gives more tasks than the request allows.
//  10. A task born leased is not claimed before its lease ends. It is refused unless its lane is empty.
//  11. A fence starts at 1 for a task born leased, else at 0. Each Claim adds 1. No claim on a removed task is Valid.
//  12. A lease that ran out still settles until another worker claims the task. From then on the old claim is not Valid.
//  13. Cancel removes every unsettled task of the record with the tag. The next task of the lane becomes its head.
//  14. Settle with Retry changes when a task is due, not its position. With Dead the task leaves its lane and stays readable.
//  15. A committed event id is Seen for 24 hours of Batch.Now, or until a million newer ids were committed.
//  16. Trim removes only rows that ended before the instant, at most limit of them, and fewer only if none is left.
//  17. A record that reads as Newer keeps its document. A Change to it fails with ErrNewer and discards the whole Batch.
//  18. After ErrUnknown the Batch was committed whole or not at all. Repeating it with its event ids applies it once.
//  19. An error of one decide or one Batch fails only its own Update, and no other that runs at the same time.
//  20. An empty Batch without event ids writes nothing: no version changes, and the log gets no row.
//  21. Reads return exactly the committed data: the same bytes, instants in UTC to the nanosecond, no shared memory.
//  22. Read finds existing rows: by Keys or Ref in key order, by Kind in priority order. A page begins after its cursor.
//  23. Next is the earliest instant at which the same request could return more, or Now if Limit left work behind.
//  24. Keep prolongs leases that are still held, even after their end, and never shortens a lease. The others are Lost.
//  25. Concurrent calls act as if they ran one after the other: no change is lost, and no task is claimed twice.
//  26. A call whose context is done fails and does not run decide. After Close every call fails with ErrClosed.
//  27. Committed data is there when the store is opened again.
//  28. The channel of a Waker is not nil, and stays open as long as the store.
//  29. Calls in any order get the answers that these rules give.
//  30. An Eraser passes each document of the log, of dead tasks and of timelines to edit, keeps the result, and changes no more.
//  31. A Batch with odd names or texts is kept to the byte, or fails with ErrData. So does any call that names them.
//  32. A record whose document cannot be read comes back as Unreadable, between its neighbours. A Change replaces or deletes it.
type Store interface {
	// Update is the only way to change state. It locks the scope, calls decide with the View, and commits the whole Batch
	// in one durable transaction or commits nothing. decide must not call the store. An error of decide is returned
	// unwrapped, and nothing is committed. A nil error means that the Batch is durable. An error that wraps ErrUnknown
	// means that the Batch may or may not be committed; repeating the call with the same event ids is safe. An error that
	// wraps ErrData means that a repeat fails again: the caller leaves out what cannot be kept.
	Update(ctx context.Context, sc Scope, decide func(View) (Batch, Need, error)) error
	// Read returns one page of records, tasks or log rows, with timelines if the Query asks for them.
	Read(ctx context.Context, q Query) ([]Snapshot, error)
	// Claim leases due heads of lanes in rank order and prolongs the leases in r.Keep. It also returns the keys of due
	// records, and the instant at which to call again.
	Claim(ctx context.Context, r ClaimRequest) (Claimed, error)
	// Trim removes rows that ended before an instant, at most limit of them, and returns how many it removed.
	Trim(ctx context.Context, before time.Time, limit int) (int, error)
	io.Closer
}

// Waker is an optional interface of a Store that several replicas share. The channel receives a hint when work may be
// due. Hints may be lost or spurious, so a caller must also poll.
type Waker interface{ Wake() <-chan struct{} }

// Eraser is an optional interface of a Store. It edits documents that are append-only otherwise, to erase personal data.
//
// Erase calls edit for each document, with the key under which Read returns it: first rows of the log, then payloads and
// reasons of dead tasks, then entries of records. The result of edit replaces the document. Calls of edit do not overlap.
// edit must not call the store.
//
// Erase works in steps, and other calls may run between them. Documents written meanwhile may be skipped. An error of
// edit ends Erase and is wrapped; finished steps stay, and the next call starts from the beginning. Erase returns the
// number of changed documents. A nil error means that the changes are durable and that the store keeps no copy of the old
// documents, as far as it can tell. Erase passes over damaged rows. When all others are done it names them in an error that
// wraps ErrUnreadable.
type Eraser interface {
	Erase(ctx context.Context, edit func(of Key, doc []byte) ([]byte, error)) (int, error)
}

// Codec encodes and decodes records, for a Store that writes bytes. kind is the Kind of the record's key; schema is a
// version number that is stored beside the document. A Codec may be called concurrently. Decode fails with an error that
// wraps ErrNewer if a newer program wrote the document; the store then returns the record as Newer. After any other error
// it returns the record as Unreadable.
type Codec interface {
	Encode(kind string, schema uint16, rec any) ([]byte, error)
	Decode(kind string, schema uint16, doc []byte) (any, error)
}

// Key names a record. Stores lock keys in the order of Compare.
type Key struct{ Tenant, Kind, ID string }

// Compare orders keys by tenant, then kind, then id.
func (k Key) Compare(o Key) int {
	if c := strings.Compare(k.Tenant, o.Tenant); c != 0 { // cmp.Or would compare all three each time
		return c
	}
	if c := strings.Compare(k.Kind, o.Kind); c != 0 {
		return c
	}
	return strings.Compare(k.ID, o.ID)
}

// Ref is a name that records publish, to be found by it. Equal names of different kinds are different refs. Example:
// Ref{"shop", "incident", "17"} finds the alerts of incident 17.
type Ref struct{ Tenant, Kind, Name string }

// EventID identifies an event that must be applied once. NewEventID derives it.
type EventID [16]byte

// NewEventID hashes the identity of an event (SHA-256, first 16 bytes). Each part goes in with its length, so ("host7",
// "41") and ("host74", "1") give different ids.
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

// Snapshot is a record, task or log row as it was read. Version 0 means that it does not exist.
type Snapshot struct {
	Key     Key
	Version uint64
	Rec     any     // an immutable Go value; a Newer or Unreadable if this program cannot decode it
	Entries []Entry // Entries and Cursor are set by Read only
	Cursor  string
}

// Newer is the Rec of a Snapshot whose document was written by a newer replica. This program would lose fields if it
// decoded and rewrote the document.
type Newer struct {
	Schema uint16
	Doc    []byte
}

// Unreadable is the Rec of a Snapshot whose row is damaged, or whose document this program should be able to decode and
// cannot. Its Doc is as stored.
type Unreadable struct {
	Schema uint16
	Doc    []byte
	Err    error // wraps ErrUnreadable
}

// NewUnreadable returns an Unreadable that says why the document cannot be read.
func NewUnreadable(schema uint16, doc []byte, why error) Unreadable {
	return Unreadable{Schema: schema, Doc: doc, Err: fmt.Errorf("%w: %w", ErrUnreadable, why)}
}

// Scope lists the keys and claims that an Update locks, and the refs and event ids that it looks up, before decide runs.
type Scope struct {
	Write, Read []Key // Read takes a share lock
	Refs        []Ref
	Events      []EventID
	Claims      []Claim
	// Urgent lets the call overtake those that wait and are not. A store may ignore it.
	Urgent bool
}

// Need lists keys and refs that decide lacks. An empty Need means that the decision is complete.
type Need struct {
	Write, Read []Key
	Refs        []Ref
}

// Empty reports whether n asks for nothing.
func (n *Need) Empty() bool { return len(n.Write)+len(n.Read)+len(n.Refs) == 0 }

// View is the input of decide. It is valid until decide returns.
type View struct {
	Records map[Key]Snapshot // every key in scope; Version 0 if there is no record
	Refs    map[Ref][]Key    // in key order, at most 1,000
	Seen    []bool           // for each id in Scope.Events: already applied
	Valid   []bool           // for each claim in Scope.Claims: still held
}

// Batch is the result of a decision, and is committed whole. A store applies it in this order: change records, settle
// claims, cancel tags, add new tasks to the ends of their lanes, append the log row. A Batch without any of these is
// empty; only an empty Batch may have a zero Now.
type Batch struct {
	Now    time.Time // effective instant: dates the log row and the event ids
	Put    []Change
	Tasks  []Task
	Cancel []CancelTag
	Settle []Settle
	Log    []byte
}

// Change writes or deletes one record. It replaces all columns of the row; only Entries are appended.
type Change struct {
	Key      Key
	Version  uint64 // the version in the View; 0 creates the record
	Rec      any    // nil deletes
	State    string
	Due      time.Time // zero: never due
	Ended    time.Time // zero: open; otherwise Trim may remove it
	Priority uint8     // 1..5; 0: none, and then Due must be zero
	Refs     []Ref     // at most MaxRefs
	Entries  []Entry   // appended to the timeline
}

// Entry is one line of a record's timeline. The caller numbers Seq.
type Entry struct {
	Seq  uint64
	At   time.Time
	Kind string
	Doc  []byte
	Err  error // why the row is damaged, wraps ErrUnreadable; set by Read only
}

// Task is one piece of outgoing work, such as a page or an action. Tasks with equal Record and Order form a lane, and
// leave it in the order in which they were created. ID is the idempotency key; callers never use it twice. A store keeps
// Expires and Payload without reading them.
type Task struct {
	ID                string
	Record            Key
	Queue, Order, Tag string
	Priority          uint8
	Rank              int64 // lower goes first; Due in Unix nanoseconds plus a delay by priority (P1 0, P3 5 minutes)
	Due, Expires      time.Time
	Lease             *Lease // set in a Batch: the task is born leased
	Kind              string
	Payload           []byte
	Err               error // why the row is damaged, wraps ErrUnreadable; set by Read and Claim only
}

// Lease names the worker that holds a task, the end of the lease, and its fence. A fence is a number that grows with each
// claim, so that a receiver can refuse a worker whose lease was taken over.
type Lease struct {
	Owner string
	Until time.Time
	Fence uint64
}

// CancelTag removes every waiting or leased task of Record with Tag. An empty Tag removes those without a tag.
type CancelTag struct {
	Record Key
	Tag    string
}

// Claim is the right to settle a task, until another worker claims the task. The last claim of a dead task stays valid.
type Claim struct {
	ID    string
	Fence uint64
}

// Settle ends a claim. With Retry and Dead zero the work is done and the row is deleted. Retry of a dead task puts it
// back at the end of its lane.
type Settle struct {
	Claim
	Retry time.Time
	Dead  string // the reason; the row leaves its lane and stays readable
}

// ClaimRequest asks for work at the instant Now.
type ClaimRequest struct {
	Now         time.Time
	Owner       string
	Queues      map[string]int // most tasks to lease from each; a queue filled by this claim does not count for Next
	MaxPriority uint8          // 1: only P1; 0: all
	Limit       int            // bounds the tasks in all, and the due keys; 0: no task, all due keys
	LeaseFor    time.Duration
	Keep        []Claim // leases to prolong by LeaseFor
}

// Claimed is the answer to a ClaimRequest.
type Claimed struct {
	Tasks []Task
	Lost  []Claim   // claims of Keep that are no longer held
	Due   []Key     // records, by (priority, due); not leased, so returned again until changed
	Next  time.Time // sleep until then; zero: nothing is waiting
}

// Query selects rows by Keys, or by Ref, or by Tenant and Kind and perhaps State. Tasks have the Kind "task" and the
// states waiting, leased and dead; rows of the input log have the Kind "log". Keys and Ref ignore Tenant.
type Query struct {
	Keys                []Key
	Ref                 Ref
	Tenant, Kind, State string
	Timeline            bool
	After               string // Cursor of the last row seen; empty: from the start
	Limit               int    // defaults to 100
}
