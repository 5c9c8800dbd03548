package respond_test

import "fmt"

func Example() {
	fmt.Println("respond")
	// Output: respond
}
