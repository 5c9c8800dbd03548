package automatetest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/automatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "hunter2hunter2"

// outside is a fake system. It does things for a subject under a key, and undoes them.
type outside struct {
	mu      sync.Mutex
	done    map[string]string // subjects by key
	asked   [][]string
	broken  bool
	flood   string
	reached chan struct{} // nil: the system answers
	closed  chan struct{}
}

// ask does a thing and answers.
func (o *outside) ask(ctx context.Context, login, key string, values ...string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, append([]string{key}, values...))
	if o.reached != nil {
		close(o.reached)
		o.mu.Unlock()
		defer o.mu.Lock()
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-o.closed:
			return "", errors.New("closed")
		}
	}
	if o.broken {
		return "", fmt.Errorf("refused %s with %s", values, login)
	}
	o.done[key] = values[0]
	return "done " + values[0] + o.flood, nil
}

func (o *outside) stands(subject string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.done {
		if s == subject {
			return !o.broken
		}
	}
	return false
}

func (o *outside) undo(subject string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, s := range o.done {
		if s == subject {
			delete(o.done, key)
		}
	}
}

// double is an action that keeps every rule, except where a field replaces a piece of it.
type double struct {
	out        *outside
	run        func(*double, context.Context, automate.Invocation) (automate.Result, error)
	precheck   func(*double, automate.Invocation) error
	verify     func(*double, automate.Invocation) error
	compensate func(*double, automate.Invocation) error

	last automate.Invocation
	mu   sync.Mutex
}

func (d *double) Run(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	if d.run != nil {
		return d.run(d, ctx, in)
	}
	return d.act(ctx, in)
}

func (d *double) act(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	if in.DryRun {
		return automate.Result{Output: "would do " + in.Subject}, nil
	}
	answer, err := d.out.ask(ctx, password, in.Key, in.Subject)
	if err != nil {
		return automate.Result{}, errors.New(strings.ReplaceAll(err.Error(), password, "***"))
	}
	return automate.Result{Output: answer[:min(len(answer), 1000)]}, nil
}

func (d *double) Precheck(_ context.Context, in automate.Invocation) error {
	if d.precheck != nil {
		return d.precheck(d, in)
	}
	return nil
}

func (d *double) Verify(_ context.Context, in automate.Invocation) error {
	if d.verify != nil {
		return d.verify(d, in)
	}
	if !d.out.stands(in.Subject) {
		return errors.New("it does not hold")
	}
	return nil
}

func (d *double) Compensate(_ context.Context, in automate.Invocation) error {
	if d.compensate != nil {
		return d.compensate(d, in)
	}
	d.out.undo(in.Subject)
	return nil
}

// harness returns a double of this kind with a new outside.
func harness(kind *double) *automatetest.Harness {
	o := &outside{done: map[string]string{}, closed: make(chan struct{})}
	return &automatetest.Harness{
		Action: &double{
			out: o, run: kind.run, precheck: kind.precheck, verify: kind.verify, compensate: kind.compensate,
		},
		Invocation: automate.Invocation{Action: "do", Subject: "T0Csubject"},
		Standing: func() int {
			o.mu.Lock()
			defer o.mu.Unlock()
			return len(o.done)
		},
		Asked: func() [][]string {
			o.mu.Lock()
			defer o.mu.Unlock()
			return o.asked
		},
		Break: func() { o.broken = true },
		Flood: func() { o.flood = strings.Repeat("flood\n", 1<<20) },
		Hang: func() <-chan struct{} {
			o.reached = make(chan struct{})
			return o.reached
		},
		Secrets: []string{password},
		Close:   func() { close(o.closed) },
	}
}

// instead returns a run that changes the invocation first.
func instead(change func(*automate.Invocation)) func(*double, context.Context, automate.Invocation) (automate.Result, error) {
	return func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		change(&in)
		return d.act(ctx, in)
	}
}

// broken lists doubles by the rule that each breaks.
var broken = []struct {
	rule, name string
	double     *double
}{
	{"R01", "shares an invocation between callers", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		d.mu.Lock()
		d.last = in
		d.mu.Unlock()
		time.Sleep(50 * time.Millisecond) // gives other callers time to overwrite it
		d.mu.Lock()
		in = d.last
		d.mu.Unlock()
		return d.act(ctx, in)
	}}},
	{"R02", "ignores the context", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		return d.act(context.WithoutCancel(ctx), in)
	}}},
	{"R02", "says nil when the context ends", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		if ctx.Err() != nil {
			err = nil
		}
		return result, err
	}}},
	{"R03", "says nil when it was refused", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		if err != nil && ctx.Err() == nil {
			return automate.Result{Output: err.Error()}, nil
		}
		return result, err
	}}},
	{"R03", "says that it failed when it did not", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		if err == nil && !in.DryRun && !strings.HasPrefix(in.Subject, "concurrent") {
			err = errors.New("no")
		}
		return result, err
	}}},
	{"R04", "makes a key for each try", &double{run: instead(func(in *automate.Invocation) { in.Key = fmt.Sprint(in.Key, in.Attempt) })}},
	{"R04", "has one key for all", &double{run: instead(func(in *automate.Invocation) {
		if !strings.HasPrefix(in.Subject, "concurrent") {
			in.Key = "key"
		}
	})}},
	{"R04", "answers a repeat with an error", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		if in.Attempt > 1 {
			return automate.Result{}, errors.New("already done")
		}
		return d.act(ctx, in)
	}}},
	{"R04", "answers a repeat otherwise", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		if in.Attempt > 1 {
			result.Output = "already done"
		}
		return result, err
	}}},
	{"R05", "acts in a dry run", &double{run: instead(func(in *automate.Invocation) { in.DryRun = false })}},
	{"R05", "tells nothing of a dry run", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		if in.DryRun {
			return automate.Result{}, nil
		}
		return d.act(ctx, in)
	}}},
	{"R06", "tries again", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		if err != nil && ctx.Err() == nil {
			result, err = d.act(ctx, in)
		}
		return result, err
	}}},
	{"R07", "quotes its password in an error", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		if err != nil {
			err = fmt.Errorf("with %s: %w", password, err)
		}
		return result, err
	}}},
	{"R07", "quotes its password in an output", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		result.Output += " with " + password
		return result, err
	}}},
	{"R07", "quotes its password in a dry run", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		result, err := d.act(ctx, in)
		if in.DryRun {
			result.Output += " with " + password
		}
		return result, err
	}}},
	{"R08", "asks a shell", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		if in.DryRun || !strings.Contains(in.Subject, ";") {
			return d.act(ctx, in)
		}
		_, err := d.out.ask(ctx, "", in.Key, strings.Split(in.Subject, ";")...)
		return automate.Result{}, err
	}}},
	{"R08", "has placeholders in subjects", &double{run: instead(func(in *automate.Invocation) {
		in.Subject = strings.ReplaceAll(in.Subject, "{key}", in.Key)
	})}},
	{"R08", "takes a subject for an option", &double{run: instead(func(in *automate.Invocation) {
		in.Subject = strings.TrimPrefix(in.Subject, "--")
	})}},
	{"R09", "changes the arguments", &double{run: instead(func(in *automate.Invocation) {
		if in.Args != nil {
			in.Args["zone"] = "z1"
		}
	})}},
	{"R10", "reads endless answers", &double{run: func(d *double, ctx context.Context, in automate.Invocation) (automate.Result, error) {
		if in.DryRun || d.out.flood == "" {
			return d.act(ctx, in)
		}
		answer, err := d.out.ask(ctx, "", in.Key, in.Subject)
		return automate.Result{Output: answer}, err
	}}},
	{"R11", "acts in Precheck", &double{precheck: func(d *double, in automate.Invocation) error {
		_, err := d.act(context.Background(), in)
		return err
	}}},
	{"R11", "mends in Verify", &double{verify: func(d *double, in automate.Invocation) error {
		_, err := d.act(context.Background(), in)
		return err
	}}},
	{"R12", "says that all is well", &double{verify: func(*double, automate.Invocation) error { return nil }}},
	{"R12", "says that nothing is", &double{verify: func(*double, automate.Invocation) error { return errors.New("no") }}},
	{"R13", "takes nothing back", &double{compensate: func(*double, automate.Invocation) error { return nil }}},
	{"R13", "takes back once only", &double{compensate: func(d *double, in automate.Invocation) error {
		if !d.out.stands(in.Subject) {
			return errors.New("nothing to take back")
		}
		d.out.undo(in.Subject)
		return nil
	}}},
}

func TestEveryBrokenDoubleFailsItsRuleOnly(t *testing.T) {
	rules := map[string]int{}
	for _, c := range broken {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			t.Parallel()
			err := automatetest.Check(func() *automatetest.Harness { return harness(c.double) })
			require.Error(t, err)
			assert.Equal(t, []string{c.rule}, failed(err), "%v", err)
		})
		rules[c.rule]++
	}
	assert.Len(t, rules, 13, "rules that a double breaks")
	t.Logf("%d doubles over %d rules", len(broken), len(rules))
}

// failed returns the rules that err quotes.
func failed(err error) []string {
	var rules []string
	for line := range strings.Lines(err.Error()) {
		if name, _, ok := strings.Cut(line, "-"); ok && strings.HasPrefix(name, "R") && len(name) == 3 {
			rules = append(rules, name)
		}
	}
	return rules
}

func TestADoubleThatBreaksNothingPasses(t *testing.T) {
	automatetest.Run(t, func(*testing.T) *automatetest.Harness { return harness(&double{}) })
}

// TestRulesWithoutAHarnessFunctionAreSkipped: a harness with an action alone runs one rule.
func TestRulesWithoutAHarnessFunctionAreSkipped(t *testing.T) {
	alone := func(change bool) *automatetest.Harness {
		return &automatetest.Harness{
			Action: automate.ActionFunc(func(_ context.Context, in automate.Invocation) (automate.Result, error) {
				if change {
					clear(in.Args)
				}
				return automate.Result{}, errors.New("no")
			}),
			Invocation: automate.Invocation{Action: "do", Subject: "api"},
		}
	}
	assert.NoError(t, automatetest.Check(func() *automatetest.Harness { return alone(false) }))
	assert.Equal(t, []string{"R09"}, failed(automatetest.Check(func() *automatetest.Harness { return alone(true) })))
}

// TestRulesAreThoseOfThePort compares the quotes of the suite with the numbered comment of automate.Action.
func TestRulesAreThoseOfThePort(t *testing.T) {
	source, err := os.ReadFile("../action.go")
	require.NoError(t, err)
	_, comment, _ := strings.Cut(string(source), "// Action is the port")
	comment, _, _ = strings.Cut(comment, "type Action interface")
	comment = strings.Join(strings.Fields(strings.ReplaceAll(comment, "//", "")), " ")

	quoted, err := os.ReadFile("run.go")
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(quoted)) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), `-`)
		if !ok || !strings.HasPrefix(name, `{"R`) {
			continue
		}
		n++
		_, own, _ := strings.Cut(comment, fmt.Sprintf("%d. ", n))
		own, _, _ = strings.Cut(own, fmt.Sprintf(" %d. ", n+1))
		assert.Contains(t, own, strings.Split(rest, `"`)[2], name)
	}
	assert.Equal(t, 13, n)
	assert.NotContains(t, comment, " 14. ", "a rule that the suite does not hold")
}
