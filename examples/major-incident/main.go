// Command major-incident plays a P1 at a checkout, from its first event until it is closed: an hour and three quarters, in a few seconds.
// It prints what happens, what each person and the customers are told, and how the dashboard puts it. The engine, its store and all waits
// are real; the time is virtual.
//
//	go run ./examples/major-incident                        on a store in memory
//	go run ./examples/major-incident -store sqlite          on a SQLite file
//	go run ./examples/major-incident -look 127.0.0.1:8080   with the dashboard; the time stands still until you press Enter
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
)

// options are the flags of the program.
type options struct {
	store string // memory or sqlite
	look  string // address of the dashboard; empty: there is none
}

func main() {
	var o options
	flag.StringVar(&o.store, "store", "memory", "`memory`, or sqlite for a temporary file")
	flag.StringVar(&o.look, "look", "", "serve the dashboard at this `address` of the machine, and wait for Enter after each moment")
	flag.Parse()
	inVirtualTime(func() error { return run(&o, os.Stdin, os.Stdout) })
}

// inVirtualTime calls play and ends the program. Package time is virtual in play: while all its goroutines wait, the time goes on to the next
// deadline, and it stands still otherwise. Go has this for tests only, see package testing/synctest, so play runs as a test.
func inVirtualTime(play func() error) {
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "major-incident", F: func(t *testing.T) {
		var err error
		synctest.Test(t, func(*testing.T) { err = play() })
		if err != nil {
			fmt.Fprintln(os.Stderr, "major-incident:", err)
			os.Exit(1)
		}
		os.Exit(0) // before the test prints that it has passed
	}}}, nil, nil)
}

// run plays the story and prints it.
func run(o *options, in io.Reader, out io.Writer) (err error) {
	s, err := open(o.store, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	enter := bufio.NewReader(in)
	return s.play(func() error {
		if o.look == "" {
			return nil
		}
		return s.look(o.look, enter)
	})
}
