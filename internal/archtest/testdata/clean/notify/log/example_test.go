package log_test

import (
	"fmt"
	"os"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/notify/notifytest"
)

func Example() {
	fmt.Println(notifytest.Run != nil, assert.New != nil, len(os.Args) > 0)
	// Unordered output: true true true
}
