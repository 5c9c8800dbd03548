//go:build !cgo

package mattn_test

import "testing"

func TestRules(t *testing.T) {
	t.Skip("SKIPPED, not tested: the driver mattn/go-sqlite3, which takes cgo and a C compiler")
}
