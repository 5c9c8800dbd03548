package tocsin

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// Erased is what an Erase has changed.
type Erased struct {
	Records int // incidents, alerts and others
	Letters int // dead letters to the person, which are gone
	Rows    int // lines of timelines, rows of the input log, dead letters to others
	// Left counts what still holds something: messages to the person that are on their way, what else waits to be sent or taken
	// in, and records that have a word in the name by which they are found, which stay until [Config.Keep] is over. Once it is 0,
	// and the error nil, nothing is left of what was there when Erase began.
	Left int
}

// Erase takes a person's contacts, what the person wrote, and the words, such as names and former addresses, out of all that
// the store holds of a tenant; "erased" stands in their place. The id of the person stays, and with it who did what when. A
// word is found as it is written and where it stands by itself, one of fewer than three letters only where it is all of a
// text.
//
// The contacts are those in the catalog at work, and those under which the person was reached. Take the person out of the
// catalog first, and name the addresses as words: whoever is paged again is on record again. Erase may be called at any time
// and as often as one likes; after an error, or while something is left, call it again. It reads everything, and where the
// store keeps a file it rewrites that, so it takes its time. It does not reach backups, nor what others were sent.
//
// A store that is no [store.Eraser] is refused.
func (e *Engine) Erase(ctx context.Context, tenant string, person escalate.PersonID, words ...string) (Erased, error) {
	s, ok := e.store.(store.Eraser)
	if !ok {
		return Erased{}, errors.New("tocsin: erase: the store cannot change timelines and its input log: it is no store.Eraser")
	}
	if person == "" {
		return Erased{}, errors.New("tocsin: erase: the person is missing, expected an id")
	}
	eraser, err := e.core.NewEraser(tenant, person, e.catalog.Load().Contacts(person), words)
	if err != nil {
		return Erased{}, fmt.Errorf("tocsin: %w", err)
	}
	x := erasing{Engine: e, Eraser: eraser, tenant: tenant}
	for _, step := range []func(context.Context) error{
		x.records, x.letters,
		func(ctx context.Context) (err error) { // last: what the person wrote is known from timelines
			x.done.Rows, err = s.Erase(ctx, x.edit)
			return err
		},
		x.waiting,
	} {
		if err := step(ctx); err != nil {
			return x.done, fmt.Errorf("tocsin: erase: %w", err)
		}
	}
	e.log(ctx, slog.LevelInfo, "a person was erased", "person", person, "tenant", tenant, "left", x.done.Left)
	return x.done, nil
}

// erasing is one Erase at work.
type erasing struct {
	*Engine
	*core.Eraser
	tenant string
	done   Erased
}

// pages calls use with each row that the query finds.
func (x *erasing) pages(ctx context.Context, q store.Query, use func(store.Snapshot) error) error {
	q.Tenant = x.tenant
	for {
		rows, err := x.store.Read(ctx, q)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := use(row); err != nil {
				return err
			}
		}
		q.After = rows[len(rows)-1].Cursor
	}
}

// records erases records, each in a commit of its own. One that cannot be erased keeps no other from it.
func (x *erasing) records(ctx context.Context) error {
	var errs []error
	for _, kind := range x.core.Kinds() {
		err := x.pages(ctx, store.Query{Kind: kind, Timeline: kind == core.KindIncident}, func(row store.Snapshot) error {
			if err := x.record(ctx, row); err != nil {
				errs = append(errs, fmt.Errorf("%s %q: %w", kind, row.Key.ID, err))
			}
			return ctx.Err()
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (x *erasing) record(ctx context.Context, row store.Snapshot) error {
	if _, ok := row.Rec.(store.Newer); ok {
		return store.ErrNewer
	}
	if err := x.Learn(row); err != nil {
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
		if err := readable(v); err != nil {
			return store.Batch{}, store.Need{}, err
		}
		d, need := x.core.Decide(scratch, x.catalog.Load(), v, in)
		wrote = len(d.Put)
		return d.Batch(now, nil, nil), need, errors.Join(d.Refused...)
	})
	if err == nil {
		x.done.Records += wrote
	}
	return err
}

// letters discards the dead letters to the person.
func (x *erasing) letters(ctx context.Context) error {
	return x.pages(ctx, store.Query{Kind: store.KindTask, State: stateDead}, func(row store.Snapshot) error {
		task := row.Rec.(store.Task)
		if !x.IsTo(&task) || task.Lease == nil {
			return nil
		}
		claim := store.Claim{ID: task.ID, Fence: task.Lease.Fence}
		now, gone := x.now(ctx), 0 // now may ask the store, which nobody does from within an Update
		err := x.store.Update(ctx, store.Scope{Claims: []store.Claim{claim}}, func(v store.View) (store.Batch, store.Need, error) {
			if gone = 0; !v.Valid[0] { // somebody has it sent again
				return store.Batch{}, store.Need{}, nil
			}
			gone = 1
			return store.Batch{Now: now, Settle: []store.Settle{{Claim: claim}}}, store.Need{}, nil
		})
		if err == nil {
			x.done.Letters += gone
		}
		return err
	})
}

// edit erases one document of the store.
func (x *erasing) edit(of store.Key, doc []byte) ([]byte, error) {
	switch of.Kind {
	case store.KindTask:
		return x.Payload(of, doc)
	case store.KindLog:
		return x.row(doc)
	}
	return x.Line(of, doc)
}

// row erases a row of the input log.
func (x *erasing) row(row []byte) ([]byte, error) {
	doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(row)))
	if err != nil {
		return nil, err
	}
	left, err := x.Inputs(doc)
	if err != nil || bytes.Equal(left, doc) {
		return row, err
	}
	return x.inputLog.pack(left)
}

// waiting counts what is on its way.
func (x *erasing) waiting(ctx context.Context) error {
	for _, state := range []string{"waiting", "leased"} {
		err := x.pages(ctx, store.Query{Kind: store.KindTask, State: state}, func(row store.Snapshot) error {
			if task := row.Rec.(store.Task); x.Holds(&task) {
				x.done.Left++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
