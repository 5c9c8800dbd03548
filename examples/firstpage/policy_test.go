package main

import (
	"os"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

func TestStuckPayout(t *testing.T) {
	cat, err := catalog.Load(os.DirFS("catalog"))
	if err != nil {
		t.Fatal(err)
	}
	w := tocsintest.New(t, cat, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))

	w.Submit(payoutStuck.Trigger("payouts of m-42 wait", "merchant", "m-42"))
	w.Sent("+0s  page  level 1  ana  console")

	w.Advance(time.Minute)
	w.Submit(payoutStuck.Trigger("payouts of m-43 wait", "merchant", "m-43"))
	w.Sent("+1m  notice  1 joined: payouts of m-43 wait  ana  console") // it joins, and nobody is paged again

	w.Advance(4 * time.Minute)
	w.Sent("+5m  page  level 2  ben  console")

	w.Do(respond.Acknowledge{Incident: w.Incident().ID, By: "ben"})
	w.Submit(payoutStuck.Resolve("merchant", "m-42"))
	w.Sent() // m-43 still waits
	w.Submit(payoutStuck.Resolve("merchant", "m-43"))
	w.Sent("+5m  notice  recovered, being watched  ana  console", "+5m  notice  recovered, being watched  ben  console")

	w.Advance(15 * time.Minute)            // the soak
	w.Sent("+20m  reminder  ben  console") // to confirm that it is over
	w.Do(respond.Resolve{Incident: w.Incident().ID, By: "ben"})
	w.Sent("+20m  all-clear  ana  console", "+20m  all-clear  ben  console")
}
