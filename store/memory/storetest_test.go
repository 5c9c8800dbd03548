package memory_test

import (
	"testing"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// TestRules has on what a store in memory can have: it ends with the process, so there is nothing to reopen, and whoever
// shares it has the very same value.
func TestRules(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() }, storetest.Features{
		Shared: func(s store.Store) (store.Store, error) { return s, nil },
	})
}
