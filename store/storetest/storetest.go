package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/tocsin-dev/tocsin/store"
)

// Features tells the suite what it cannot find out from the type of a store. With the zero Features, Run skips the rules
// that need more, and logs it.
type Features struct {
	// Reopen closes the store and opens its data again. nil: rule 27 is skipped.
	Reopen func(store.Store) (store.Store, error)
	// Shared opens a second handle on the data of the store, as another replica would. The cases on concurrent calls then
	// use both handles, and the suite closes both. nil: these cases use one handle.
	Shared func(store.Store) (store.Store, error)
	// Unknown makes the next Update fail with ErrUnknown, after its commit if committed is true, otherwise without a
	// commit. nil: the suite wraps the store and drops the result of Update, or the call itself.
	Unknown func(s store.Store, committed bool) error
	// Plant writes a record as a newer replica would. nil: the suite commits a Change whose Rec is a store.Newer.
	Plant func(s store.Store, k store.Key, n store.Newer) error
	// Percent scales the large cases: 100,000 records and tasks due at once, a million event ids, 50 random histories.
	// Defaults to 100; in Run with -short, to 10.
	Percent int
	// Seed replays the random history with this seed, which a failure reports. Zero: new seeds are drawn.
	Seed uint64
}

// Broken is the error for one broken rule.
type Broken struct {
	Rule            int    // the number in the comment of store.Store
	Case            string // the name of the case, such as "trim-takes-ended-rows"
	Why             string // what goes wrong if a store breaks the rule
	Done, Got, Want string
}

// Error prints the rule, the case, the call, and the values got and wanted.
func (b *Broken) Error() string {
	return fmt.Sprintf("rule %d: %s\n  case: %s\n  why:  %s\n  done: %s\n  got:  %s\n  want: %s",
		b.Rule, rules[b.Rule], b.Case, b.Why, b.Done, b.Got, b.Want)
}

// Run tests the stores that open makes against every rule. Each case is a subtest with a fresh store, which the suite
// closes. A case that needs a missing feature is skipped, and the log says which.
func Run(t *testing.T, open func(t *testing.T) store.Store, f Features) {
	if f.Percent == 0 && testing.Short() {
		f.Percent = 10
	}
	f.Percent = cmp.Or(f.Percent, 100)
	for i := range cases {
		c := &cases[i]
		t.Run(fmt.Sprintf("R%02d-%s", c.rule, c.name), func(t *testing.T) {
			if c.last && t.Failed() {
				t.Skip("SKIPPED, not tested: another rule is broken, which a random history would only say again")
			}
			p := &probe{
				Features: f, c: c, ctx: t.Context(), note: t.Logf,
				fresh: func() (store.Store, error) { return open(t), nil },
			}
			missing, err := p.run()
			if err != nil {
				t.Fatal(err)
			}
			if missing != "" {
				t.Skipf("SKIPPED, not tested: %s", missing)
			}
		})
	}
}

// Check is Run for use outside of go test. It returns all broken rules as *Broken, joined. Cases that need a missing
// feature are left out, and unlike Run nothing reports them.
func Check(ctx context.Context, open func() (store.Store, error), f Features) error {
	f.Percent = cmp.Or(f.Percent, 100)
	var broken []error
	for i := range cases {
		c := &cases[i]
		if c.last && len(broken) > 0 {
			break // random histories would only repeat a known failure
		}
		p := &probe{Features: f, c: c, ctx: ctx, note: func(string, ...any) {}, fresh: open}
		if _, err := p.run(); err != nil {
			broken = append(broken, err)
		}
	}
	return errors.Join(broken...)
}

// run runs one case over a fresh store. missing names the feature that the case lacks.
func (p *probe) run() (missing string, err error) {
	defer p.close()
	defer func() {
		switch found := recover().(type) {
		case nil:
		case *Broken:
			err = found
		default:
			err = p.broken("the last call", fmt.Sprintf("panic: %v\n%s", found, debug.Stack()), "no panic")
		}
	}()
	p.s = p.open()
	if p.c.need != nil {
		if missing := p.c.need(p); missing != "" {
			return missing, nil
		}
	}
	p.c.do(p)
	return "", nil
}
