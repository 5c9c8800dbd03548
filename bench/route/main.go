// Command route measures the cost of finding the rules that match an event. It compares a table of package route with
// cel-go and expr, which try the rules one by one, and with the routes of Alertmanager where they can express the rules.
// Before any measurement all engines must find the same rules for every event, and cel-go the same number of errors as
// the table.
//
// An event has about 770 bytes of JSON; 256 events take turns. With the struct input the events are in memory in the
// engine's own form, CEL values for cel-go. With the json input encoding/json first decodes each into an event.Event.
// These are the mixes of rules:
//
//	full         realistic: most rules name a team or a service, and one event in ten has no team,
//	             which is an error for half of the rules
//	native       full without the 0.5 % that are loops over tags and label names
//	pairs        one type and one team, the best case of pattern matchers
//	dense        full with 50 teams and 200 services: matches grow with the rules
//	adversarial  ranges, thresholds, suffixes, contents, regular expressions and negations, each with its own
//	             constants and without an equality; an event has few matches
//	dimensions   equalities on a thousand labels and fields of the data; an event has six of them
//	labels       two labels that equal a value, also as routes of Alertmanager
//	matchers     labels, with the other three operators of Alertmanager in every second rule
//
// The full mix is kind to an index: few of its rules that cannot be looked up are distinct, and it reads only eight
// fields of an event. The adversarial and dimensions mixes are not.
//
// Each mix runs five rounds with all numbers of rules, in which the engines take turns. A figure is the median. The heap
// is the memory that an engine keeps after compiling, without the texts of the rules. Linear engines run up to 10,000
// rules. Times are given by the clock and by processor time (Unix only); other work on the machine disturbs processor
// time less. Ratios of processor times go to standard error beside their targets; they do not affect the exit status. A
// full run takes some minutes on an idle machine; -rules and -mix narrow it.
//
// With -reload the command replaces one rule in a hundred of 10,000 while another goroutine matches, and prints the time
// of the reload and of each event. With -hostile it compiles rules that would be expensive without limits, and matches
// each once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

func main() {
	p := plan{rounds: 5, atLeast: 50 * time.Millisecond, mixes: mixes, out: os.Stdout, log: os.Stderr}
	flag.Func("rules", "how many rules, as a list (default 10,100,1000,10000,100000)", p.rules.Set)
	flag.Func("mix", "which mixes, as a list (default "+mixNames()+")", p.mixes.Set)
	reload := flag.Bool("reload", false, "measure a reload instead")
	hostile := flag.Bool("hostile", false, "measure hostile rules instead")
	flag.Parse()
	p.rules.Fill(10, 100, 1000, 10_000, 100_000)
	runtime.GOMAXPROCS(2)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := p.do(ctx, *reload, *hostile); err != nil {
		fmt.Fprintln(os.Stderr, "route:", err)
		os.Exit(1)
	}
}

// do runs the selected measurement.
func (p *plan) do(ctx context.Context, reload, hostile bool) error {
	switch {
	case reload && hostile:
		return errors.New("-reload and -hostile given, expected one of them")
	case reload:
		return p.reload(ctx, fullMix, 10_000)
	case hostile:
		return p.hostile()
	}
	measured, err := p.run(ctx)
	if err != nil {
		return err
	}
	return printClaims(p.log, measured)
}
