//go:build cgo

package mattn_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// A host that has the driver already hands its own database over.
func Example() {
	dir, err := os.MkdirTemp("", "tocsin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "tocsin.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	s, err := sqlite.New(db, nil)
	fmt.Println(err)
	fmt.Println(s.Close())
	// Output:
	// <nil>
	// <nil>
}
