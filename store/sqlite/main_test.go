//go:build unix

package sqlite_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// children are the functions that this binary runs as a child process. The crash tests start it again with one of these
// names, and kill it.
var children = map[string]func(path string) error{
	"commit": func(path string) error { return commitForEver(path, false) },
	"weaken": func(path string) error { return commitForEver(path, true) },
	"hold":   holdOpen,
	"answer": answerOnce,
	"erase":  eraseForEver,
}

const (
	childMode = "TOCSIN_SQLITE_CHILD"
	childPath = "TOCSIN_SQLITE_PATH"
)

func TestMain(m *testing.M) {
	if do := children[os.Getenv(childMode)]; do != nil {
		if err := do(os.Getenv(childPath)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
