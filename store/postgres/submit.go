package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/respond"
)

// kindInbox is the kind of the records that tasks of the inbox name. There are no such records.
const kindInbox = "inbox"

// insertInbox ranks events by a number that grows, before all other tasks: what happened later is taken later. They are no
// P1, so that whoever asks for P1 only is not kept busy with them.
const insertInbox = `INSERT INTO tocsin.task (record_tenant, record_kind, record_id, id, lane, head, queue, tag, priority, due,
		kind, payload, state, ready, place, rank, ready_rank)
	SELECT e.tenant, 'inbox', e.id, e.id, '', true, $4::text, '', 2, 0, 'event', e.payload, 'waiting', 0, e.place, e.place, e.place
	FROM (SELECT u.*, nextval('tocsin.task_place_seq') AS place
		FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY u(tenant, id, payload, n) ORDER BY u.n) e`

// SubmitTx submits events within a transaction of the caller: they exist if and only if that commits. An event that cannot be
// taken fails all of them, before anything is sent, with a *[event.RejectedError] for each. It only inserts, and waits for no
// lock of the store. Nobody is told: an engine finds the events when it looks, within a second. Of two transactions of which
// one began after the other had committed, the events are taken in this order.
//
// What the engine fills in, such as Received, it fills in when it takes the event. Without an ID of its own each event counts
// as a new one.
func (s *Store) SubmitTx(ctx context.Context, tx pgx.Tx, events ...event.Event) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	var tenants, ids []string
	var payloads [][]byte
	var errs []error
	for i := range events {
		e := &events[i]
		if err := e.Check(); err != nil {
			var rejected *event.RejectedError
			if errors.As(err, &rejected) {
				rejected.Index = i
			}
			errs = append(errs, err)
			continue
		}
		payload, err := json.Marshal(e)
		if err != nil {
			errs = append(errs, fmt.Errorf("postgres: submit: event %d: %w", i, err))
		}
		tenants, ids, payloads = append(tenants, e.Tenant), append(ids, uuid.NewString()), append(payloads, payload)
	}
	if err := errors.Join(errs...); err != nil || len(events) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, s.sql(insertInbox), tenants, ids, payloads, respond.QueueInbox); err != nil {
		return fmt.Errorf("postgres: submit: %w", err)
	}
	return nil
}
