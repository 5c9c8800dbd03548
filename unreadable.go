package tocsin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// UnreadableError names a row of the store that this program cannot read. It wraps [store.ErrNewer] if a newer version of tocsin
// wrote the row, else [store.ErrUnreadable].
type UnreadableError struct {
	Tenant string
	Kind   string // incident, alert, group, change, plan, ledger, switch, task or log
	ID     string
	Entry  uint64 // number of the entry in the timeline of the record; 0: the row itself
	Schema uint16 // of the document; 0 for tasks, entries and the log
	Newer  bool   // a newer version wrote it, and newer replicas handle it
	Reason string
	// Since is when a decision went on without the record, whose document the store keeps for Config.Keep. Zero: the row is in
	// its place.
	Since time.Time
}

// Error names the row and the reason.
func (u *UnreadableError) Error() string {
	entry := ""
	if u.Entry > 0 {
		entry = fmt.Sprintf(", entry %d,", u.Entry)
	}
	return fmt.Sprintf("tocsin: the %s %q%s cannot be read: %s", u.Kind, u.ID, entry, u.Reason)
}

// Unwrap returns store.ErrNewer or store.ErrUnreadable.
func (u *UnreadableError) Unwrap() error {
	if u.Newer {
		return store.ErrNewer
	}
	return store.ErrUnreadable
}

// unreadable returns what is wrong with a row, or nil.
func unreadable(row *store.Snapshot) *UnreadableError {
	var err error
	var schema uint16
	_, newer := row.Rec.(store.Newer)
	switch rec := row.Rec.(type) {
	case store.Newer:
		schema, err = rec.Schema, fmt.Errorf("a newer version of tocsin wrote it, schema %d", rec.Schema)
	case store.Unreadable:
		schema, err = rec.Schema, cmp.Or(rec.Err, store.ErrUnreadable)
	case store.Task:
		err = taskFault(&rec)
	case store.Entry:
		err = cmp.Or(rec.Err, logFault(rec.Doc))
	}
	if err == nil {
		return nil
	}
	k := row.Key
	return &UnreadableError{Tenant: k.Tenant, Kind: k.Kind, ID: k.ID, Schema: schema, Newer: newer, Reason: err.Error()}
}

// taskFault returns why the payload of a task cannot be read, or nil.
func taskFault(t *store.Task) error {
	if t.Err != nil {
		return t.Err
	}
	var into any = new(notify.Message)
	switch {
	case t.Queue == core.QueueInbox:
		into = new(event.Event)
	case t.Kind == core.KindAction:
		into = new(automate.Invocation)
	}
	return json.Unmarshal(t.Payload, into)
}

// logFault returns why a row of the input log cannot be read, or nil.
func logFault(row []byte) error {
	doc, err := unpack(row)
	if err == nil && !json.Valid(doc) {
		err = errors.New("it holds no JSON")
	}
	return err
}

// entriesOf decodes a timeline. An entry that cannot be read is replaced by one that says so.
func entriesOf(row *store.Snapshot) ([]incident.Entry, []*UnreadableError) {
	var faults []*UnreadableError
	entries := make([]incident.Entry, len(row.Entries))
	for i := range row.Entries {
		raw := &row.Entries[i]
		if err := cmp.Or(raw.Err, json.Unmarshal(raw.Doc, &entries[i])); err != nil {
			u := &UnreadableError{Tenant: row.Key.Tenant, Kind: row.Key.Kind, ID: row.Key.ID, Entry: raw.Seq, Reason: err.Error()}
			faults = append(faults, u)
			entries[i] = incident.Entry{
				Seq: raw.Seq, At: raw.At, Word: incident.WordBroken, Of: "entry", Text: "this entry cannot be read: " + u.Reason,
			}
		}
	}
	return entries, faults
}

// found is a row that a query has found, with its record. All queries read rows this way.
type found[T any] struct {
	store.Snapshot
	rec T
}

// rowsOf yields the rows of all pages of a query. For a row that cannot be read, the error is a [*UnreadableError], and the rows go
// on; an error of the store is the last.
func rowsOf[T any](ctx context.Context, e *Engine, q store.Query) iter.Seq2[found[T], error] {
	return func(yield func(found[T], error) bool) {
		for {
			rows, err := e.store.Read(ctx, q)
			if err != nil {
				yield(found[T]{}, fmt.Errorf("tocsin: read: %w", err))
				return
			}
			for i := range rows {
				row := found[T]{Snapshot: rows[i]}
				if row.rec, err = recOf[T](ctx, e, &rows[i]); !yield(row, err) {
					return
				}
			}
			if len(rows) == 0 {
				return
			}
			q.After = rows[len(rows)-1].Cursor
		}
	}
}

// recOf returns the record of a row. The error is a [*UnreadableError].
func recOf[T any](ctx context.Context, e *Engine, row *store.Snapshot) (T, error) {
	rec, ok := row.Rec.(T) // of a damaged task, what is known of it
	if u := unreadable(row); u != nil {
		e.aside.note(ctx, e, u)
		return rec, u
	}
	if !ok {
		return rec, &UnreadableError{
			Tenant: row.Key.Tenant, Kind: row.Key.Kind, ID: row.Key.ID, Reason: fmt.Sprintf("it is a %T, expected a %T", row.Rec, rec),
		}
	}
	return rec, nil
}

// isUnreadable reports whether err is about one row, so that the others can be read.
func isUnreadable(err error) bool {
	var u *UnreadableError
	return errors.As(err, &u)
}

// Unreadable lists the rows of a tenant that cannot be read, and those that newer versions wrote: records, entries of timelines,
// tasks, and, for the empty tenant, rows of the input log. It also lists the records without which a decision went on. Everything
// else is listed, paged and escalated as ever. It reads the whole store, so it can take long.
func (e *Engine) Unreadable(ctx context.Context, tenant string) ([]*UnreadableError, error) {
	if err := given(ctx, "unreadable"); err != nil {
		return nil, err
	}
	all := e.aside.strangers(tenant, e.core.Kinds())
	for _, kind := range append(e.core.Kinds(), store.KindTask, store.KindLog) {
		if kind == store.KindLog && tenant != "" {
			continue
		}
		for row, err := range rowsOf[any](ctx, e, store.Query{Tenant: tenant, Kind: kind, Timeline: true}) {
			var u *UnreadableError
			switch {
			case errors.As(err, &u):
				all = append(all, u)
			case err != nil:
				return all, err
			}
			if kept, ok := row.rec.(*core.Unreadable); ok {
				all = append(all, &UnreadableError{
					Tenant: tenant, Kind: kept.Kind, ID: kept.ID, Schema: kept.Schema, Reason: kept.Why, Since: kept.At,
				})
			}
			if kind != store.KindTask {
				_, faults := entriesOf(&row.Snapshot)
				for _, u := range faults {
					e.aside.note(ctx, e, u)
				}
				all = append(all, faults...)
			}
		}
	}
	return all, nil
}

// unreadables are the rows that were found unreadable since the process began.
type unreadables struct {
	mu    sync.Mutex
	known map[UnreadableError]struct{}
}

// unreadablesKept bounds the rows that are known. Further ones are listed, but not counted and reported.
const unreadablesKept = 10_000

// note counts, logs and reports a row when it is first found. A row of a newer version is no fault, so it is not reported as a
// finding.
func (n *unreadables) note(ctx context.Context, e *Engine, u *UnreadableError) {
	if !n.first(u) {
		return
	}
	e.found(ctx, u)
	if !u.Newer {
		f := event.Finding(event.FindingUnreadable, u.subject(), u.Error())
		f.Tenant = u.Tenant
		e.Offer(f)
	}
}

// first adds a row, and reports whether it is new.
func (n *unreadables) first(u *UnreadableError) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = make(map[UnreadableError]struct{})
	}
	_, known := n.known[*u]
	if !known && len(n.known) < unreadablesKept {
		n.known[*u] = struct{}{}
		return true
	}
	return false
}

// strangers returns the known rows of kinds that this version does not have, which no query finds.
func (n *unreadables) strangers(tenant string, kinds []string) (all []*UnreadableError) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for u := range maps.Keys(n.known) {
		if u.Tenant == tenant && !slices.Contains(append(kinds, store.KindTask, store.KindLog), u.Kind) {
			all = append(all, &u)
		}
	}
	return all
}

func (u *UnreadableError) subject() string {
	if u.Entry > 0 {
		return fmt.Sprintf("%s %s entry %d", u.Kind, u.ID, u.Entry)
	}
	return u.Kind + " " + u.ID
}

// found counts and logs a row.
func (e *Engine) found(ctx context.Context, u *UnreadableError) {
	e.tel.Unreadable(ctx, u.Kind, u.Newer)
	level := slog.LevelWarn
	if u.Newer {
		level = slog.LevelInfo
	}
	e.log(ctx, level, "a row of the store cannot be read", "kind", u.Kind, "id", u.ID, "tenant", u.Tenant, "reason", u.Reason)
}
