package event_test

import "fmt"

func Example() {
	fmt.Println("event")
	// Output: event
}
