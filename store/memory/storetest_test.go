package memory_test

import (
	"testing"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// TestRules runs the suite. There is no Reopen, since the data ends with the process. Shared returns the same store,
// since that is how several users share it.
func TestRules(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() }, storetest.Features{
		Shared: func(s store.Store) (store.Store, error) { return s, nil },
	})
}
