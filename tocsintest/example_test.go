package tocsintest_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

// A test of a policy says what happens, and who must have heard of it. The built-in catalog informs one channel.
func Example() {
	t := &testing.T{} // that of the test function
	diskFull := event.Class{Name: "storage.disk.full"}

	w := tocsintest.New(t, catalog.Builtin([]event.Class{diskFull}), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	w.Submit(diskFull.Trigger("disk of web-1 is full", "host", "web-1"))
	w.Sent("+0s  notice  level 1  default")

	fmt.Println(w.Incident().Title, t.Failed())
	// Output: disk of web-1 is full false
}

// A test sends a body of another tool to the intake of the service: the function that main mounts.
func ExampleWorld_Route() {
	t := &testing.T{} // that of the test function
	alerts := func(to intake.Submitter) http.Handler {
		return intake.Alertmanager(to, &intake.Endpoint{Name: "alertmanager", Bearer: intake.Secrets{os.Getenv("TOKEN")}})
	}
	cat, err := catalog.Load(os.DirFS("testdata/payments"))
	if err != nil {
		panic(err)
	}
	w := tocsintest.New(t, cat, time.Date(2026, 1, 12, 12, 0, 0, 0, time.UTC))
	f := w.Route(alerts, `{"version":"4","alerts":[{"status":"firing","fingerprint":"a1","startsAt":"2026-01-12T11:59:00Z",
		"labels":{"alertname":"PayoutStuck","class":"payments.payout.stuck","merchant":"m-42"},"annotations":{"summary":"payout waits"}}]}`)
	w.Sent("+0s  page  level 1  ana  slack")
	fmt.Println(f.Events[0].Class, f.Events[0].Priority, f.Events[0].Plan)
	fmt.Println(f.Messages[1].Person, "over", f.Messages[1].Channel, "after", f.Messages[1].At.Sub(f.At))
	fmt.Println(t.Failed())
	// Output:
	// payments.payout.stuck P1 payments
	// ben over slack after 5m0s
	// false
}

// A story tests a policy without Go: a file of commands and of what they bring about.
func ExampleStory() {
	t := &testing.T{} // that of the test function
	tocsintest.Story(t, os.DirFS("testdata/payments"), "testdata/stories/3.3.2.txt")

	fmt.Println(t.Failed())
	// Output: false
}
