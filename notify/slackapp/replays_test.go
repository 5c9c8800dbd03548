package slackapp

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestReplaysAreForgotten: a signature is remembered for as long as it is valid, and not much longer.
func TestReplaysAreForgotten(t *testing.T) {
	var r replays
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range byte(100) {
		assert.True(t, r.first([32]byte{i}, now))
	}
	assert.False(t, r.first([32]byte{1}, now.Add(2*window)), "signed for a time 5 minutes ahead, and sent again 5 minutes after it")
	assert.True(t, r.first([32]byte{200}, now.Add(4*window)))
	assert.Len(t, r.seen, 2)
}
