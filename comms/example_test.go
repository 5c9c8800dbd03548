package comms_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

func ExampleCompose() {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	text, err := comms.Compose("{{.Impaired}} We know of it since {{.Since}}.", &comms.Facts{
		Impaired: "Some payments fail.", Since: noon, At: noon.Add(12 * time.Minute), NextUpdate: noon.Add(42 * time.Minute),
	})
	fmt.Println(text, err)
	// Output: Some payments fail. We know of it since 12:00 UTC. Next update by 12:42 UTC. <nil>
}

func ExampleTemplate_Render() {
	t, err := comms.Parse("Until then: {{.Workaround}}")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = t.Render(&comms.Facts{})
	var missing *comms.UnresolvedError
	fmt.Println(errors.As(err, &missing), err)
	// Output: true unresolved placeholder {{.Workaround}}
}

func ExampleCheck() {
	terms := []comms.Term{{Kind: comms.FoundPerson, Text: "ana"}, {Kind: comms.FoundID, Text: "payments-core"}}
	for _, f := range comms.Check("Text", "Ana restarted payments-core on db-07.", terms) {
		fmt.Println(f)
	}
	// Output:
	// person "Ana" in Text at 0
	// id "payments-core" in Text at 14
	// host "db-07" in Text at 31
}

func ExamplePublish() {
	sent := time.Date(2026, 3, 2, 12, 14, 0, 0, time.UTC)
	post, ok := comms.Publish("status-page", []comms.Update{
		{
			ID: "u1", State: comms.Sent, Stage: comms.Investigating, Sent: comms.Release{By: "ana", At: sent}, Next: sent.Add(30 * time.Minute),
			Facts: comms.Facts{Service: "Checkout"}, Texts: []comms.Text{{Audience: "status-page", Text: "Some payments fail."}},
		},
		{ID: "u2", State: comms.Draft, Stage: comms.Identified, Texts: []comms.Text{{Audience: "status-page", Text: "not yet"}}},
	})
	fmt.Println(ok, post.Service, post.Stage, len(post.Entries), post.Entries[0].Text)
	// Output: true Checkout investigating 1 Some payments fail.
}
