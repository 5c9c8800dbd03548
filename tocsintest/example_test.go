package tocsintest_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
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

// A story tests a policy without Go: a file of commands and of what they bring about.
func ExampleStory() {
	t := &testing.T{} // that of the test function
	tocsintest.Story(t, os.DirFS("testdata/payments"), "testdata/stories/3.3.2.txt")

	fmt.Println(t.Failed())
	// Output: false
}
