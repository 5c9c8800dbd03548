package severity_test

import "fmt"

func Example() {
	fmt.Println("severity")
	// Output: severity
}
