package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

func silenceOf(try int) store.Key {
	return store.Key{Tenant: "shop", Kind: "silence", ID: fmt.Sprint(try)}
}

// eachTry reads tries from standard input. For each it calls do with a silence and a delay, and prints a line.
func eachTry(told *bufio.Scanner, do func(silence store.Key, wait time.Duration) error) error {
	for told.Scan() {
		var try int
		var us time.Duration
		if _, err := fmt.Sscan(told.Text(), &try, &us); err != nil {
			return err
		}
		if err := do(silenceOf(try), us*time.Microsecond); err != nil {
			return err
		}
		fmt.Println("done", try)
	}
	return told.Err()
}

func endWhenTold(ctx context.Context, s *postgres.Store, told *bufio.Scanner) error {
	return eachTry(told, func(silence store.Key, wait time.Duration) error {
		time.Sleep(wait)
		return endReason(ctx, s, silence)
	})
}

func takeInWhenTold(ctx context.Context, s *postgres.Store, told *bufio.Scanner) error {
	return eachTry(told, func(silence store.Key, wait time.Duration) error {
		time.Sleep(wait)
		return withhold(ctx, s, silence, nil)
	})
}

func takeInUnlockedWhenTold(ctx context.Context, s *postgres.Store, told *bufio.Scanner) error {
	return eachTry(told, func(silence store.Key, wait time.Duration) error {
		rows, err := s.Read(ctx, store.Query{Keys: []store.Key{silence}})
		if err != nil {
			return err
		}
		time.Sleep(wait)
		return withhold(ctx, s, silence, rows[0].Rec)
	})
}

// TestSilenceEnds ends a silence in one process while another process takes in an alert that the silence withholds. The
// alert must page in either order; 10,000 tries with TOCSIN_LONG=1. The control reads the silence without a lock: there
// some alerts never page.
func TestSilenceEnds(t *testing.T) {
	tries := 60
	switch {
	case os.Getenv("TOCSIN_LONG") == "1":
		tries = 10_000
	case testing.Short():
		tries = 20
	}
	for _, c := range []struct {
		job   string
		tries int
		lost  bool
	}{{"take in", tries, false}, {"take in unlocked", 20, true}} {
		t.Run(c.job, func(t *testing.T) {
			db := newDatabase(t)
			s := db.mustOpen(1)
			ender, taker := db.begin("end"), db.begin(c.job)
			lost := 0
			for try := range c.tries {
				require.NoError(t, update(t.Context(), s, store.Scope{}, store.Batch{Put: []store.Change{{Key: silenceOf(try), Rec: "active"}}}))
				ender.tell(try, rand.IntN(2_000))
				taker.tell(try, rand.IntN(2_000))
				ender.hear(fmt.Sprint("done ", try))
				taker.hear(fmt.Sprint("done ", try))
				if !paged(t, s) {
					lost++
				}
			}
			t.Logf("%d of %d alerts never paged", lost, c.tries)
			assert.Equal(t, c.lost, lost > 0, "%d of %d alerts never paged", lost, c.tries)
		})
	}
}
