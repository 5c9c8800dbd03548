package tocsintest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

func (lastOf) Pick(c *escalate.Choice) []escalate.Recipient {
	return c.Recipients[len(c.Recipients)-1:]
}

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

// TestEveryRuleHasItsStory holds docs/semantics.md and the stories to each other: each rule has one, each belongs to one rule,
// and the only one of a rule has that for its title.
func TestEveryRuleHasItsStory(t *testing.T) {
	page, err := os.ReadFile("../docs/semantics.md")
	require.NoError(t, err)
	files, err := filepath.Glob("testdata/stories/*.txt")
	require.NoError(t, err)
	stories := regexp.MustCompile("`(?:tocsintest\\.TestStories)?/([^`]+)`")
	row := regexp.MustCompile(`^\| (.+) \| (.+) \|\n$`)
	owned := make(map[string]bool)
	for line := range strings.Lines(string(page)) {
		m := row.FindStringSubmatch(line)
		if m == nil || m[1] == "Rule" {
			continue
		}
		named := stories.FindAllStringSubmatch(m[2], -1)
		assert.NotEmpty(t, named, "no story: %s", m[1])
		for _, story := range named {
			file := "testdata/stories/" + story[1] + ".txt"
			assert.False(t, owned[file], "%s belongs to two rules", file)
			owned[file] = true
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			if title, _, _ := strings.Cut(string(text), "\n"); len(named) == 1 {
				assert.Equal(t, m[1], title, file)
			}
		}
	}
	for _, file := range files {
		assert.True(t, owned[file], "%s belongs to no rule", file)
	}
	assert.Greater(t, len(owned), 90)
}
