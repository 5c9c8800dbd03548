package sqlite_test

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/internal/core"
)

func Example() {
	fmt.Println(core.Decide == nil)
	// Output: false
}
