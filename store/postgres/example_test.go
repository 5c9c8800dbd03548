package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// An order and the event about its failure are committed in one transaction of the application. Then the event is claimed
// and settled; in a program the engine does this.
func Example() {
	ctx := context.Background()
	if err := failOrder(ctx, os.Getenv("TOCSIN_POSTGRES")); err != nil {
		fmt.Println(err)
	}
	// Output:
	// payment.failed: order 4711 was not paid
}

func failOrder(ctx context.Context, dsn string) error {
	s, err := postgres.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer s.Close()
	app, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer app.Close(ctx)

	err = pgx.BeginFunc(ctx, app, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE failed_order AS SELECT 4711 AS id`); err != nil {
			return err
		}
		return s.SubmitTx(ctx, tx, event.Event{Type: "payment.failed", Summary: "order 4711 was not paid"})
	})
	if err != nil {
		return err
	}

	now := time.Now()
	work, err := s.Claim(ctx, store.ClaimRequest{
		Now: now, Owner: "replica-1", Queues: map[string]int{codec.QueueInbox: 10}, Limit: 10, LeaseFor: 30 * time.Second,
	})
	if err != nil {
		return err
	}
	for _, task := range work.Tasks {
		var e event.Event
		if err := json.Unmarshal(task.Payload, &e); err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", e.Type, e.Summary)
		held := store.Claim{ID: task.ID, Fence: task.Lease.Fence}
		err := s.Update(ctx, store.Scope{Claims: []store.Claim{held}}, func(store.View) (store.Batch, store.Need, error) {
			return store.Batch{Now: now, Settle: []store.Settle{{Claim: held}}}, store.Need{}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
