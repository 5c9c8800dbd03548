package notifytest_test

import "fmt"

func Example() {
	fmt.Println("notifytest")
	// Output: notifytest
}
