package memory_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// One commit writes an alert and its page together, once for each event id. The page is then claimed, sent and settled.
func Example() {
	ctx := context.Background()
	now := time.Date(2030, 1, 1, 9, 0, 0, 0, time.UTC)
	s := memory.New()
	defer s.Close()

	alert := store.Key{Tenant: "shop", Kind: "alert", ID: "checkout/latency"}
	sc := store.Scope{
		Write:  []store.Key{alert},
		Events: []store.EventID{store.NewEventID("shop", "prometheus", "4711")},
	}
	for range 2 {
		err := s.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
			if v.Seen[0] {
				return store.Batch{}, store.Need{}, nil
			}
			return store.Batch{
				Now: now,
				Put: []store.Change{{
					Key: alert, Version: v.Records[alert].Version, Rec: "p99 is 4 s", State: "firing", Priority: 1,
				}},
				Tasks: []store.Task{{
					ID: "inc-1/1/ana", Record: alert, Queue: "sms", Order: "sms:ana", Priority: 1,
					Rank: now.UnixNano(), Due: now, Payload: []byte("checkout is slow"),
				}},
			}, store.Need{}, nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}

	work, err := s.Claim(ctx, store.ClaimRequest{
		Now: now, Owner: "replica-1", Queues: map[string]int{"sms": 10}, Limit: 10, LeaseFor: 30 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
	}
	for _, task := range work.Tasks {
		fmt.Printf("%s: %s\n", task.ID, task.Payload)
		held := store.Claim{ID: task.ID, Fence: task.Lease.Fence}
		err := s.Update(ctx, store.Scope{Claims: []store.Claim{held}}, func(v store.View) (store.Batch, store.Need, error) {
			if !v.Valid[0] {
				return store.Batch{}, store.Need{}, errors.New("another replica took over")
			}
			return store.Batch{Now: now, Settle: []store.Settle{{Claim: held}}}, store.Need{}, nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}

	firing, err := s.Read(ctx, store.Query{Tenant: "shop", Kind: "alert", State: "firing"})
	if err != nil {
		fmt.Println(err)
	}
	for _, row := range firing {
		fmt.Printf("%s, version %d: %v\n", row.Key.ID, row.Version, row.Rec)
	}
	// Output:
	// inc-1/1/ana: checkout is slow
	// checkout/latency, version 1: p99 is 4 s
}
