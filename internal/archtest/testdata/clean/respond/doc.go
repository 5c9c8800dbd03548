// Package respond decides. It draws from a source that is handed in, and a variable may bear the name of a package.
package respond

import (
	"math/rand/v2"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
)

// Decide returns the first deadline after now.
func Decide(now time.Time, source rand.Source) time.Time {
	if source == nil {
		source = rand.NewPCG(1, 2)
	}
	return now.Add(time.Duration(rand.New(source).IntN(60)) * time.Second)
}

type clock struct{ Now func() time.Time }

func read(_ catalog.Catalog, time clock) any { return time.Now() }
