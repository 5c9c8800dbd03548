package postgrestest_test

import (
	"fmt"
	"net"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// A server accepts connections while it runs. Close leaves no files.
func ExampleStart() {
	server, err := postgrestest.Start("fsync=off")
	if err != nil {
		fmt.Println(err)
		return
	}
	answers := func() bool {
		conn, err := net.Dial("unix", server.Socket())
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}
	fmt.Println("started:", answers())
	server.Crash()
	fmt.Println("crashed:", answers())
	fmt.Println("restarted:", server.Restart(), answers())
	fmt.Println("closed:", server.Close(), answers())
	// Output:
	// started: true
	// crashed: false
	// restarted: <nil> true
	// closed: <nil> false
}
