package mark_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/internal/mark"
)

func TestMark(t *testing.T) {
	assert.False(t, mark.Is(context.Background()))
	ctx, cancel := context.WithTimeout(mark.Own(t.Context()), time.Hour)
	defer cancel()
	assert.True(t, mark.Is(ctx), "contexts made from a marked one carry the mark")
	assert.False(t, mark.Is(t.Context()))
}
