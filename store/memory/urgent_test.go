package memory_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestUrgentCallsOvertake: while a call decides, others come. The urgent update goes first; a claim for P1 is
// among the urgent calls.
func TestUrgentCallsOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, came := memory.New(), ""
		join := func(name string, urgent bool) {
			go func() {
				err := s.Update(t.Context(), store.Scope{Urgent: urgent}, func(store.View) (store.Batch, store.Need, error) {
					came += name
					return store.Batch{}, store.Need{}, nil
				})
				assert.NoError(t, err)
			}()
			synctest.Wait()
		}
		err := s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
			join("a", false)
			join("b", false)
			go func() {
				_, err := s.Claim(t.Context(), store.ClaimRequest{MaxPriority: 1})
				assert.NoError(t, err)
			}()
			synctest.Wait()
			join("U", true)
			return store.Batch{}, store.Need{}, nil
		})
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, "Uab", came)
	})
}
