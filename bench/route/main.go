// Command route measures what it costs to find the rules that match an event, as a table of package route does it and as its
// peers do: cel-go and expr, which try one rule after the other, and the routes of Alertmanager for rules that they have
// words for. Nothing is timed before all engines have found the same rules for every event, and cel-go the same number of
// errors as the table.
//
// An event has about 770 bytes of JSON; 256 of them take turns. With the struct input they stand in memory in the form that
// the engine likes best, CEL values for cel-go; with the json input encoding/json decodes each into an event.Event first.
// These are the mixes of rules:
//
//	full         the realistic one: most rules name a team or a service, and one event in ten has no team,
//	             which is an error for half of the rules
//	native       full without the 0.5 % that are loops over tags and label names
//	pairs        one type and one team, what pattern matchers like best
//	dense        full with 50 teams and 200 services: matches grow with the rules
//	adversarial  ranges, thresholds, suffixes, contents, regular expressions and negations, each with constants
//	             of its own and without an equality; they are rarely met, so that matches stay few
//	dimensions   equalities on a thousand labels and members of the data, of which an event has six
//	labels       two labels that equal something, also as routes of Alertmanager
//	matchers     labels, with the other three operators of Alertmanager in every second rule
//
// Where full is kind to an index it says so itself: of its rules that cannot be looked up there are few distinct ones, and it
// looks at eight places of an event only. The adversarial mix and the dimensions are for that.
//
// Each mix runs five rounds, in which the engines take turns, with all numbers of rules; a figure is the median. The heap is
// what stands there after compiling beyond the rules' own texts. Linear engines run up to 10,000 rules. Beside the time
// by the clock stands that of the processor, which other work on the machine disturbs less; it needs a Unix system. Ratios of
// the latter go to the standard error output with what we want of them; no exit status judges them. All of it takes some
// minutes on an idle machine; -rules and -mix narrow it.
//
// With -reload it replaces one rule in a hundred of 10,000 while another goroutine matches, and says how long the table took
// and how long each event. With -hostile it compiles rules that would cost much without limits, and matches each once.
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

// do runs what was asked for.
func (p *plan) do(ctx context.Context, reload, hostile bool) error {
	switch {
	case reload && hostile:
		return errors.New("-reload and -hostile, expected one of them")
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
