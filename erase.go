package tocsin

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// Erased counts the changes of an Erase.
type Erased struct {
	Records int // changed incidents, alerts and other records
	Letters int // deleted dead letters to the person
	Rows    int // changed timeline entries, rows of the input log and dead letters to others
	// Left counts places that still hold the person's data: messages on their way, events in the inbox, and records whose key
	// contains a word. Such records stay until [Config.Keep] has passed. If Left is 0 and the error is nil, all data that the
	// store held when Erase began is erased.
	Left int
}

// Erase replaces a person's data in the store by "erased": the person's contacts, the texts that the person wrote, and the given
// words, such as names and former addresses. It covers one tenant. The id of the person stays, so timelines still show who did
// what, and when. Words match case-sensitively and as whole words; a word of fewer than three letters matches only a text that
// consists of it.
//
// Somebody who is not in the catalog, such as a subscriber, is no person: pass "" and the address as a word. A subscriber with that address
// is unsubscribed, and only the keyed hash of the address stays.
//
// The contacts are those of the current catalog, and those over which the person was reached. Remove the person from the catalog
// first and pass the addresses as words; otherwise the next page stores them again. Erase may be called at any time and
// repeatedly; call it again after an error or while Left is not 0. It reads the whole store and may rewrite the file of the
// store, so it can take long. It does not reach backups and messages that were sent.
//
// It returns an error if the store does not implement [store.Eraser]. Rows that cannot be read may hold the person's data, and stay as
// they are: after all other rows are erased, the error names them, each as an [*UnreadableError] or by an error that wraps
// [store.ErrUnreadable].
func (e *Engine) Erase(ctx context.Context, tenant string, person escalate.PersonID, words ...string) (Erased, error) {
	if err := given(ctx, "erase"); err != nil {
		return Erased{}, err
	}
	s, ok := e.store.(store.Eraser)
	if !ok {
		return Erased{}, errors.New("tocsin: erase: the store does not implement store.Eraser, so timelines and the input log cannot be changed")
	}
	if person == "" && len(words) == 0 {
		return Erased{}, errors.New("tocsin: erase: the person is missing, expected an id, or the address of a subscriber as a word")
	}
	person = cmp.Or(person, nobody)
	eraser, err := e.core.NewEraser(tenant, person, e.catalog.Load().Contacts(person), words)
	if err != nil {
		return Erased{}, fmt.Errorf("tocsin: %w", err)
	}
	defer func() {
		e.plans.Clear()
		e.watchers.stale()
	}()
	x := erasing{Engine: e, Eraser: eraser, tenant: tenant}
	for _, step := range []func(context.Context) error{
		x.records, x.deadLetters,
		func(ctx context.Context) (err error) { // after records, which learns the person's texts from the timelines
			x.done.Rows, err = s.Erase(ctx, x.edit)
			return err
		},
		x.waiting,
	} {
		switch err := step(ctx); {
		case errors.Is(err, store.ErrUnreadable) || errors.Is(err, store.ErrNewer):
			x.passed = append(x.passed, err)
		case err != nil:
			return x.done, fmt.Errorf("tocsin: erase: %w", err)
		}
	}
	if err := errors.Join(x.passed...); err != nil {
		return x.done, fmt.Errorf("tocsin: erase: %w", err)
	}
	e.log(ctx, slog.LevelInfo, "a person was erased", "person", person, "tenant", tenant, "left", x.done.Left)
	return x.done, nil
}

// nobody is who has written nothing and has no contact.
const nobody escalate.PersonID = "(nobody)"

// erasing is the state of one Erase.
type erasing struct {
	*Engine
	*core.Eraser
	tenant string
	done   Erased
	passed []error // why rows stay as they are
}

// pass notes a row that cannot be read.
func (x *erasing) pass(err error) error {
	if isUnreadable(err) {
		x.passed = append(x.passed, err)
		return nil
	}
	return err
}

// records edits each record in a commit of its own. It goes on after a record that fails.
func (x *erasing) records(ctx context.Context) error {
	var errs []error
	for _, kind := range x.core.Kinds() {
		q := store.Query{Tenant: x.tenant, Kind: kind, Timeline: kind == core.KindIncident}
		for row, err := range rowsOf[any](ctx, x.Engine, q) {
			if err == nil {
				err = x.record(ctx, row.Snapshot)
			}
			if err = x.pass(err); err != nil {
				errs = append(errs, fmt.Errorf("%s %q: %w", kind, row.Key.ID, err))
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return errors.Join(errs...)
}

func (x *erasing) record(ctx context.Context, row store.Snapshot) error {
	_, faults := entriesOf(&row)
	row.Entries = slices.DeleteFunc(row.Entries, func(entry store.Entry) bool {
		return slices.ContainsFunc(faults, func(u *UnreadableError) bool { return u.Entry == entry.Seq })
	})
	if err := x.Learn(row); err != nil { // the store passes over damaged entries when it edits them, and names them
		return err
	}
	now := x.now(ctx)
	changed, left, err := x.Record(row, now)
	if left {
		x.done.Left++
	}
	if err != nil || !changed {
		return err
	}
	scratch, in := new(core.Scratch), []core.Input{core.Erase{At: now, Record: row.Key, Eraser: x.Eraser}}
	wrote := 0
	err = x.store.Update(ctx, x.core.Scope(scratch, in, nil), func(v store.View) (store.Batch, store.Need, error) {
		d, need := x.core.Decide(scratch, x.catalog.Load(), v, in)
		if d.Newer != nil {
			newer := v.Records[*d.Newer]
			return store.Batch{}, need, unreadable(&newer)
		}
		wrote = len(d.Put)
		return d.Batch(now, nil, nil), need, errors.Join(d.Refused...)
	})
	if err == nil {
		x.done.Records += wrote
	}
	return err
}

// deadLetters deletes the dead letters to the person.
func (x *erasing) deadLetters(ctx context.Context) error {
	for row, err := range rowsOf[store.Task](ctx, x.Engine, store.Query{Tenant: x.tenant, Kind: store.KindTask, State: stateDead}) {
		if err == nil && row.rec.Lease != nil && x.IsTo(&row.rec) {
			err = x.deadLetter(ctx, store.Claim{ID: row.rec.ID, Fence: row.rec.Lease.Fence})
		}
		if err = x.pass(err); err != nil {
			return err
		}
	}
	return nil
}

// deadLetter deletes one dead letter.
func (x *erasing) deadLetter(ctx context.Context, claim store.Claim) error {
	now, gone := x.now(ctx), 0 // before the Update, since now may call the store
	err := x.store.Update(ctx, store.Scope{Claims: []store.Claim{claim}}, func(v store.View) (store.Batch, store.Need, error) {
		if gone = 0; !v.Valid[0] { // somebody resends it
			return store.Batch{}, store.Need{}, nil
		}
		gone = 1
		return store.Batch{Now: now, Settle: []store.Settle{{Claim: claim}}}, store.Need{}, nil
	})
	if err == nil {
		x.done.Letters += gone
	}
	return err
}

// edit erases the person's data from one document of the store. It passes over a document that cannot be read.
func (x *erasing) edit(of store.Key, doc []byte) (to []byte, err error) {
	switch of.Kind {
	case store.KindTask:
		to, err = x.Payload(of, doc)
	case store.KindLog:
		to, err = x.row(doc)
	default:
		to, err = x.Line(of, doc)
	}
	if err != nil {
		x.passed = append(x.passed, &UnreadableError{Tenant: of.Tenant, Kind: of.Kind, ID: of.ID, Reason: err.Error()})
		return doc, nil
	}
	return to, nil
}

// row erases the person's data from a row of the input log.
func (x *erasing) row(row []byte) ([]byte, error) {
	doc, err := unpack(row)
	if err != nil {
		return nil, err
	}
	left, err := x.Inputs(doc)
	if err != nil || bytes.Equal(left, doc) {
		return row, err
	}
	return x.inputLog.pack(left)
}

// waiting counts the tasks on their way that hold the person's data.
func (x *erasing) waiting(ctx context.Context) error {
	for _, state := range []string{"waiting", "leased"} {
		for row, err := range rowsOf[store.Task](ctx, x.Engine, store.Query{Tenant: x.tenant, Kind: store.KindTask, State: state}) {
			if err == nil && x.Holds(&row.rec) {
				x.done.Left++
			}
			if err = x.pass(err); err != nil {
				return err
			}
		}
	}
	return nil
}
