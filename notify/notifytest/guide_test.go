package notifytest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGuide checks that docs/writing-a-notifier.md shows the programs of this package and lists all rules.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/writing-a-notifier.md")
	require.NoError(t, err)
	between := func(file, from, to string) string {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		_, rest, found := strings.Cut(string(source), from)
		require.True(t, found, "%s has no %q", file, from)
		text, _, _ := strings.Cut(rest, to)
		return from + text
	}
	notifier := between("example_test.go", "// SMS sends", "\n// A notifier of")
	assert.Contains(t, string(page), "\n"+notifier+"```\n")
	assert.Less(t, strings.Count(notifier, "\n"), 40, "lines")
	assert.Contains(t, string(page), "\n"+between("sms_test.go", "import (", "\n\n\n")+"```\n")
	for line := range strings.Lines(between("run.go", "var rules", "\n}\n")) {
		if number, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), `{"`), `"`); ok {
			assert.Contains(t, string(page), "\n| "+strings.Replace(number, "-", " ", 1)+" | ")
			assert.Contains(t, string(page), "    --- PASS: TestSMS/"+number)
		}
	}
}
