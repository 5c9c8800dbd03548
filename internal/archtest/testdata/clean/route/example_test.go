package route_test

import "fmt"

func Example() {
	fmt.Println("route")
	// Output: route
}
