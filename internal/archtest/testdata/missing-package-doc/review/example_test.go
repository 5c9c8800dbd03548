package review_test

import "fmt"

func Example() {
	fmt.Println("review")
	// Output: review
}
