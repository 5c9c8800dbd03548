package review_test

import "fmt"

func Example() {
	fmt.Println("nobody compares this")
}
