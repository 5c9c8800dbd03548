package correlate_test

import "fmt"

func Example() {
	fmt.Println("correlate")
	// Output: correlate
}
