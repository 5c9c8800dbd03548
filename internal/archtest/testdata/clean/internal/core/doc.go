// Package core decides. It draws from a source that is handed in, and a variable may bear the name of a package. It is made
// of parts.
package core

import (
	"math/rand/v2"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/respond"
)

// Decide returns the first deadline after now.
func Decide(now time.Time, source rand.Source, commands ...respond.Command) time.Time {
	if source == nil {
		source = rand.NewPCG(1, 2)
	}
	t := &turn{parts: []part{alerts{}, &groups{}}}
	for _, c := range commands {
		do(t, c)
	}
	return now.Add(time.Duration(rand.New(source).IntN(60)) * time.Second)
}

type clock struct{ Now func() time.Time }

func read(_ catalog.Catalog, time clock) any { return time.Now() }
