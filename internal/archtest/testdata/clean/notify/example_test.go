package notify_test

import "fmt"

func Example() {
	fmt.Println("notify")
	// Output: notify
}
