package comms_test

import "fmt"

func Example() {
	fmt.Println("comms")
	// Output: comms
}
