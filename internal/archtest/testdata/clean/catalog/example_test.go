package catalog_test

import "fmt"

func Example() {
	fmt.Println("catalog")
	// Output: catalog
}
