package memory_test

import "fmt"

func Example() {
	fmt.Println("memory")
	// Output: memory
}
