package escalate_test

import "fmt"

func Example() {
	fmt.Println("escalate")
	// Output: escalate
}
