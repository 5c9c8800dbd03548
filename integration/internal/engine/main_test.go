package engine_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	code := postgrestest.Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// sized returns how many of something a test plays: full with TOCSIN_LONG=1, which takes minutes, with -short a fifth.
func sized(usual, full uint64) uint64 {
	switch {
	case os.Getenv("TOCSIN_LONG") == "1":
		return full
	case testing.Short():
		return max(usual/5, 1)
	}
	return usual
}
