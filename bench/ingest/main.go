// Command ingest measures the cost of one alert from the call that takes it in until it is in its group. On our side this
// is Submit, decision and commit to the memory store. On the other side it is the alert store, routes and aggregation
// groups of Alertmanager's own packages, with their goroutines. Nothing is sent, since both sides wait an hour before the
// first message.
//
// Both sides get the same alerts with seven labels, in batches of equal size, from one caller: first all of them new,
// then the same alerts again, then a storm in which each call repeats a few alerts many times. A third side, the floor,
// only checks the alerts and keeps the same records. Each group has an alert service. The routes name the first services,
// the first one last, so nearly every alert tries every route. With a thousand groups and ten routes, one alert in a
// hundred finds its route; the others use the default route.
//
// Each case runs several rounds, in which the sides take turns. A figure is the median. Preparing the alerts is not
// measured.
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
