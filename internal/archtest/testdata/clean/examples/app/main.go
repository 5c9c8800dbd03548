// Command app is a program; it imports whatever it needs.
package main

import (
	"regexp"

	"github.com/tocsin-dev/tocsin"
)

func main() {
	go tocsin.Deliver(regexp.QuoteMeta("."))
}
