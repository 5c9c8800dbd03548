package numbers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/bench/internal/numbers"
)

func TestListFlag(t *testing.T) {
	var l numbers.List
	require.NoError(t, l.Set("1,10"))
	assert.Equal(t, numbers.List{1, 10}, l)
	for _, text := range []string{"", "0", "1,", "a"} {
		assert.Error(t, l.Set(text), text)
	}
}
