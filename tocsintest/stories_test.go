package tocsintest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

// broken is a schedule and a strategy that panic.
type broken struct{}

func (broken) OnCall(time.Time) []escalate.PersonID { panic("no rotation") }

func (broken) Pick(*escalate.Choice) []escalate.Recipient { panic("no turn") }

// lastOf picks the last of those whom a level means.
type lastOf struct{}

func (lastOf) Pick(c *escalate.Choice) []escalate.Recipient { return c.Recipients[len(c.Recipients)-1:] }

// withCode adds what has no form in YAML: strategies of one's own, and one in the place of the schedule named broken.
func withCode(c *catalog.Catalog) {
	c.Strategies = map[string]escalate.Strategy{"broken": broken{}, "last": lastOf{}}
	if _, there := c.Schedules["broken"]; there {
		c.Schedules["broken"] = broken{}
	}
}

// TestStories plays the rules of docs/semantics.md.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			tocsintest.Story(t, os.DirFS("testdata/payments"), file, withCode)
		})
	}
}
