package store_test

import (
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

func ExampleNewEventID() {
	first := store.NewEventID("", "host7", "41")
	fmt.Println(first == store.NewEventID("", "host7", "41"))
	fmt.Println(first == store.NewEventID("", "host74", "1"))
	// Output:
	// true
	// false
}

func ExampleKey_Compare() {
	keys := []store.Key{
		{Tenant: "b", Kind: "alert", ID: "1"}, {Tenant: "a", Kind: "group", ID: "1"}, {Tenant: "a", Kind: "alert", ID: "2"},
	}
	slices.SortFunc(keys, store.Key.Compare)
	for _, k := range keys {
		fmt.Println(k.Tenant, k.Kind, k.ID)
	}
	// Output:
	// a alert 2
	// a group 1
	// b alert 1
}
