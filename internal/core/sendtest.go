package core

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// testLife is how long a test message is tried. Whoever asked for it waits for it.
const testLife = 15 * time.Minute

// testKey is the key under which the test messages to a contact go. No record has it, so their outcomes change nothing.
func testKey(c respond.SendTest) store.Key {
	return store.Key{Tenant: c.Tenant, Kind: KindIncident, ID: "test-" + hashed(12, c.Tenant, string(c.Contact))}
}

// sendTest puts a test message to a contact on its way.
func sendTest(t *turn, _ *unit, c respond.SendTest, at time.Time) error {
	person, err := t.cat.Holder(c.Contact)
	if err != nil {
		return &respond.RefusedError{Reason: err.Error()}
	}
	key, p := testKey(c), severity.P3
	channel, address := c.Contact.Split()
	m := notify.Message{
		Key: key.ID + "-" + hashed(8, at.UTC().Format(time.RFC3339Nano), c.ID), Kind: notify.Page, Occasion: notify.OccasionTest, Channel: channel, To: address,
		Person: string(person), Seq: 1, Part: "test", Priority: p, Service: c.Service, At: at,
		Title: fmt.Sprintf("Test from tocsin (%s): this is how a page reaches you on %s. Nothing is wrong.", c.Service, channel),
	}
	t.tasks = append(t.tasks, store.Task{
		ID: m.Key, Record: key, Queue: Queue(channel), Order: string(c.Contact) + " page", Priority: uint8(p), Rank: t.rank(at, p), Kind: "message",
		Due: at, Expires: at.Add(testLife), Payload: payload(&m),
	})
	t.heads = append(t.heads, false)
	return nil
}
