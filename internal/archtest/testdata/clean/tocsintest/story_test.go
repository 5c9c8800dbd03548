package tocsintest_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestStory asserts on a piece of text once, and its golden file holds the rest.
func TestStory(t *testing.T) {
	lines := []string{"opened"}
	assert.True(t, slices.Contains(lines, "opened"))
	assert.Equal(t, 1, len(lines))
}
