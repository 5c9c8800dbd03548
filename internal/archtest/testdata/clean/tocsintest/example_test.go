package tocsintest_test

import "fmt"

func Example() {
	fmt.Println("tocsintest")
	// Output: tocsintest
}
