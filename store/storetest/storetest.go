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

// Features says what the type of a store cannot show. The zero Features leaves out the rules that need more, and says so.
type Features struct {
	// Reopen closes the store and opens again what it held. nil: what it holds ends with it.
	Reopen func(store.Store) (store.Store, error)
	// Shared opens a second handle on what the store holds, as another replica does. The rules on concurrent calls then
	// use both, and the suite closes both. nil: there is one handle.
	Shared func(store.Store) (store.Store, error)
	// Unknown makes the next Update fail with ErrUnknown: after its commit, or in its place. nil: the suite stands
	// between the store and its caller, and swallows the answer or the commit.
	Unknown func(s store.Store, committed bool) error
	// Plant writes a record as a newer replica would. nil: a Change whose Rec is a store.Newer does.
	Plant func(s store.Store, k store.Key, n store.Newer) error
	// Percent is the size of the large rules: of 100,000 records and tasks due at once, a million event ids, and 50
	// random histories. Defaults to 100, in Run under -short to 10.
	Percent int
	// Seed replays the random history that was reported under it. Zero: new ones are drawn.
	Seed uint64
}

// Broken is a rule that a store breaks, and how that was seen.
type Broken struct {
	Rule            int    // its number in the comment of store.Store
	Case            string // which of the things that it says
	Why             string // what is lost where it does not hold
	Done, Got, Want string
}

// Error quotes the rule, and tells what was done, got and wanted.
func (b *Broken) Error() string {
	return fmt.Sprintf("rule %d: %s\n  case: %s\n  why:  %s\n  done: %s\n  got:  %s\n  want: %s",
		b.Rule, rules[b.Rule], b.Case, b.Why, b.Done, b.Got, b.Want)
}

// Run holds the stores that open makes to every rule, each thing in a subtest with a fresh store, which the suite closes.
// What a rule needs and f does not give is skipped and says why.
func Run(t *testing.T, open func(t *testing.T) store.Store, f Features) {
	if f.Percent == 0 && testing.Short() {
		f.Percent = 10
	}
	f.Percent = cmp.Or(f.Percent, 100)
	for i := range cases {
		c := &cases[i]
		t.Run(fmt.Sprintf("R%02d-%s", c.rule, c.name), func(t *testing.T) {
			if c.last && t.Failed() {
				t.Skip("SKIPPED: another rule is broken, which a random history would only say again")
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

// Check holds the stores that open makes to every rule, outside of go test too, and returns every *Broken that it found,
// joined. What a rule needs and f does not give is left out without a word; Run says it.
func Check(ctx context.Context, open func() (store.Store, error), f Features) error {
	f.Percent = cmp.Or(f.Percent, 100)
	var broken []error
	for i := range cases {
		c := &cases[i]
		if c.last && len(broken) > 0 {
			break // a random history would only say it again
		}
		p := &probe{Features: f, c: c, ctx: ctx, note: func(string, ...any) {}, fresh: open}
		if _, err := p.run(); err != nil {
			broken = append(broken, err)
		}
	}
	return errors.Join(broken...)
}

// run does one case over a fresh store. It tells what was missing to do it, or what is broken.
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
