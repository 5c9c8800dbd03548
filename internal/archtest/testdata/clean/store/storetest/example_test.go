package storetest_test

import "fmt"

func Example() {
	fmt.Println("storetest")
	// Output: storetest
}
