package storetest_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// greedy is a broken store: it trims more rows than the limit.
type greedy struct{ store.Store }

func (g greedy) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	return g.Store.Trim(ctx, before, 10*limit)
}

func ExampleCheck() {
	ctx := context.Background()
	small := storetest.Features{Percent: 1}
	err := storetest.Check(ctx, func() (store.Store, error) { return memory.New(), nil }, small)
	fmt.Println(err)

	err = storetest.Check(ctx, func() (store.Store, error) { return greedy{memory.New()}, nil }, small)
	first, _, _ := strings.Cut(err.Error(), "rule 17")
	for line := range strings.Lines(first) {
		if strings.Contains(line, "rule") || strings.Contains(line, "done:") {
			fmt.Print(line)
		}
		if strings.Contains(line, "want:") {
			fmt.Print(line)
			break
		}
	}
	// Output:
	// <nil>
	// rule 16: Trim removes only rows that ended before the instant, at most limit of them, and fewer only if none is left.
	//   done: trim two of three
	//   want: 2
}
