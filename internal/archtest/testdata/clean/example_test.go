package tocsin_test

import "fmt"

func Example() {
	fmt.Println("tocsin")
	// Output: tocsin
}
