package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// A new engine finds the incidents of an earlier process.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "tocsin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	full := event.Class{Name: "disk.full"}
	for _, summary := range []string{"the disk is full", "still full"} {
		s, err := sqlite.Open(filepath.Join(dir, "tocsin.db"))
		if err != nil {
			fmt.Println(err)
			return
		}
		bell, err := tocsin.New(&tocsin.Config{
			Service: "shop", Store: s, Notifier: &log.Notifier{}, Classes: []event.Class{full},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := bell.Submit(context.Background(), full.Trigger(summary)); err != nil {
			fmt.Println(err)
		}
		incidents, err := bell.Incidents(context.Background(), tocsin.Query{})
		if err != nil {
			fmt.Println(err)
		}
		for _, inc := range incidents {
			entries, err := bell.Timeline(context.Background(), inc.ID)
			if err != nil {
				fmt.Println(err)
				return
			}
			latest := &entries[len(entries)-1]
			fmt.Printf("%s %s: %s, %s\n", inc.ID, inc.Title, latest.Word, latest.Text)
		}
		if err := s.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// k9wut2u7 the disk is full: informed, nobody is asked for an answer
	// k9wut2u7 the disk is full: repeated, 2 times, not paged  still full
}
