package store_test

import "fmt"

func Example() {
	fmt.Println("store")
	// Output: store
}
