package gossip_test

import "fmt"

func Example() {
	fmt.Println("gossip")
	// Output: gossip
}
