package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/store/codec"
)

// kindInbox is the kind of the records of inbox tasks. These records do not exist.
const kindInbox = "inbox"

// insertInbox ranks events by a growing number, before all other tasks, so that they are taken in order. Their priority
// is 2, so that a claim for P1 only does not get them.
const insertInbox = `INSERT INTO tocsin.task (record_tenant, record_kind, record_id, id, lane, head, queue, tag, priority, due,
		kind, payload, state, ready, place, rank, ready_rank)
	SELECT e.tenant, 'inbox', e.id, e.id, '', true, $4::text, '', 2, 0, 'event', e.payload, 'waiting', 0, e.place, e.place, e.place
	FROM (SELECT u.*, nextval('tocsin.task_place_seq') AS place
		FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY u(tenant, id, payload, n) ORDER BY u.n) e`

// SubmitTx submits events in a transaction of the caller: they exist if and only if that transaction commits. If the
// engine would reject an event, all fail before anything is written, with a *[event.RejectedError] for each rejected
// event. SubmitTx only inserts, and waits for no lock of the store. It sends no hint: an engine finds the events by
// polling, within a second. If one transaction commits before another begins, its events are taken first.
//
// SubmitTx takes out secrets as [event.Event.Redact] does. The engine fills in missing fields, such as Received, when it takes the event. An event without an ID always counts as
// a new event.
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
		sent := *e
		sent.Redact()
		sent.Time, sent.Received = e.Time.UTC(), time.Time{} // a document holds no zone with seconds, and the engine sets Received
		payload, err := json.Marshal(&sent)
		if err != nil {
			errs = append(errs, fmt.Errorf("postgres: submit: event %d: %w", i, err))
		}
		tenants, ids, payloads = append(tenants, e.Tenant), append(ids, uuid.NewString()), append(payloads, payload)
	}
	if err := errors.Join(errs...); err != nil || len(events) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, s.sql(insertInbox), tenants, ids, payloads, codec.QueueInbox); err != nil {
		return fmt.Errorf("postgres: submit: %w", err)
	}
	return nil
}
