package tocsintest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestFragments asserts on ten more pieces of text.
func TestFragments(t *testing.T) {
	is := assert.New(t)
	is.Contains("opened", "open")
	is.NotContains("opened", "close")
	assert.Contains(t, "opened", "open")
	assert.Containsf(t, "opened", "open", "%d", 1)
	assert.NotContains(t, "opened", "close")
	assert.NotContainsf(t, "opened", "close", "%d", 1)
	assert.True(t, strings.Contains("opened", "open"))
	assert.True(t, strings.ContainsAny("opened", "o"))
	assert.Equal(t, 1, count("opened", "open"))
	assert.Equal(t, 0, count("opened", "close"))
}

func count(text, piece string) int { return strings.Count(text, piece) }
