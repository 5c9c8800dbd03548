// Command ingest measures what one alert costs from the call that takes it in until it stands in its group: here Submit,
// decision and commit to the memory store, there the alert store, the routes and the aggregation groups of Alertmanager's
// own packages, with the goroutines of both. It sends nothing, since both wait an hour before the first message.
//
// Both sides get the same alerts of seven labels, in batches of the same size, from one caller: first all of them new, then
// the same ones again, then a storm, each call of which repeats a few alerts many times. A third side, the floor, only checks
// the alerts and keeps the same records. There is an alert service for every group, and the routes name the first services,
// the first one last: nearly every alert tries every route. Of a thousand groups with ten routes, one alert in a hundred finds
// its route, and the others go to the default.
//
// Each case runs several rounds, in which the sides take turns; a figure is the median. What the caller makes beforehand,
// the alerts themselves, is not counted.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
)

func main() {
	p := plan{rounds: 3, out: os.Stdout}
	flag.Func("routes", "how many routes, as a list (default 1,10)", p.routes.Set)
	flag.Func("groups", "how many groups, as a list (default 1,1000)", p.groups.Set)
	flag.IntVar(&p.alerts, "alerts", 50_000, "how many alerts")
	flag.Parse()
	p.routes.Fill(1, 10)
	p.groups.Fill(1, 1000)
	runtime.GOMAXPROCS(2)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ratios, err := p.run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ingest:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, ratios)
}
