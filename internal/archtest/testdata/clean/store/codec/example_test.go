package codec_test

import "fmt"

func Example() {
	fmt.Println("codec")
	// Output: codec
}
