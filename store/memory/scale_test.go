package memory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestALaneOfAHundredThousand cancels tasks in the middle of one long lane, and claims the rest one by one.
func TestALaneOfAHundredThousand(t *testing.T) {
	const n = 100_000
	s := memory.New()
	var b store.Batch
	for i := range n {
		x := task(fmt.Sprintf("%06d", i), at(0))
		if i%1_000 > 0 {
			x.Tag = "page"
		}
		b.Tasks = append(b.Tasks, x)
	}
	mustUpdate(t, s, b)
	mustUpdate(t, s, store.Batch{Cancel: []store.CancelTag{{Record: key("r"), Tag: "page"}}})
	for i := 0; i < n; i += 1_000 {
		c := claim(t, s, at(0))
		require.Equal(t, []string{fmt.Sprintf("%06d", i)}, ids(c.Tasks))
		settle(t, s, at(0), store.Settle{Claim: fenced(c.Tasks[0].ID, 1)})
	}
	assert.Zero(t, claim(t, s, at(0)))
}
