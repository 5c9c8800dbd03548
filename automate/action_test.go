package automate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/automate"
)

// full is an action with every optional method; it writes down which were called.
type full struct{ called *[]string }

func (f full) note(method string, in automate.Invocation) error {
	if in.DryRun {
		method += " dry"
	}
	*f.called = append(*f.called, method)
	return errors.New(method)
}

func (f full) Run(_ context.Context, in automate.Invocation) (automate.Result, error) {
	return automate.Result{Output: "token=abc"}, f.note("Run", in)
}

func (f full) Precheck(_ context.Context, in automate.Invocation) error {
	return f.note("Precheck", in)
}

func (f full) Verify(_ context.Context, in automate.Invocation) error { return f.note("Verify", in) }

func (f full) Compensate(_ context.Context, in automate.Invocation) error {
	return f.note("Compensate", in)
}

func TestCall(t *testing.T) {
	var called []string
	plain := automate.ActionFunc(func(_ context.Context, in automate.Invocation) (automate.Result, error) {
		return full{&called}.Run(context.Background(), in)
	})
	for _, c := range []struct {
		action automate.Action
		phase  automate.Phase
		dry    bool
		want   string
	}{
		{full{&called}, automate.PhasePrecheck, false, "Precheck"},
		{full{&called}, automate.PhaseRun, false, "Run"},
		{full{&called}, automate.PhaseVerify, false, "Verify"},
		{full{&called}, automate.PhaseCompensate, false, "Compensate"},
		{full{&called}, automate.PhaseCheck, false, "Verify"},
		{full{&called}, automate.PhasePrecheck, true, ""},
		{full{&called}, automate.PhaseRun, true, "Run dry"},
		{full{&called}, automate.PhaseVerify, true, ""},
		{full{&called}, automate.PhaseCompensate, true, ""},
		{full{&called}, automate.PhaseCheck, true, "Run dry"},
		{plain, automate.PhasePrecheck, false, ""},
		{plain, automate.PhaseRun, false, "Run"},
		{plain, automate.PhaseVerify, false, ""},
		{plain, automate.PhaseCompensate, true, ""},
		{plain, automate.PhaseCheck, false, "Run"},
		{plain, "", false, ""},
	} {
		called = nil
		result, err := automate.Call(t.Context(), c.action, automate.Invocation{Phase: c.phase, DryRun: c.dry})
		if c.want == "" {
			assert.NoError(t, err, "%s dry=%v", c.phase, c.dry)
			assert.Empty(t, called, "%s dry=%v", c.phase, c.dry)
			continue
		}
		assert.EqualError(t, err, c.want)
		assert.Equal(t, []string{c.want}, called)
		if strings.HasPrefix(c.want, "Run") {
			assert.Equal(t, "token=***", result.Output)
		}
	}
}

func TestWhatNothingTakesBackStays(t *testing.T) {
	done := automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
		t.Error("was run")
		return automate.Result{}, nil
	})
	_, err := automate.Call(t.Context(), done, automate.Invocation{Phase: automate.PhaseCompensate})
	assert.EqualError(t, err, "the action has no Compensate")
}

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"restarted api":                              "restarted api",
		"two\r\nlines\n\n":                           "two\nlines",
		"\x1b[31mred\x00":                            "[31mred",
		"DB_PASSWORD=hunter2 host=a":                 "DB_PASSWORD=*** host=a",
		`{"password": "hunter2", "user": "ana"}`:     `{"password": "***", "user": "ana"}`,
		"password : hunter2":                         "password : ***",
		"token=a&secret=b;apikey=c":                  "token=***&secret=***;apikey=***",
		"tokens: 3":                                  "tokens: 3",
		"password=":                                  "password=",
		"Authorization: Bearer abc.def":              "Authorization: ***",
		"-H 'authorization: Basic YTpi' x":           "-H 'authorization: ***' x",
		"sent bearer abc.1":                          "sent bearer ***",
		"postgres://ana:hunter2@db:5432/x and a://b": "postgres://***@db:5432/x and a://b",
		"https://h/a@b":                              "https://h/a@b",
		"-----BEGIN RSA PRIVATE KEY-----\nMII\nMII\n-----END RSA PRIVATE KEY-----\nrest": "-----BEGIN RSA PRIVATE KEY-----\n***\n-----END RSA PRIVATE KEY-----\nrest",
		"-----BEGIN PRIVATE KEY-----\nMII":                                               "-----BEGIN PRIVATE KEY-----\n***",
		"bad \xff byte":                                                                  "bad � byte",
	} {
		assert.Equal(t, want, automate.Redact(text), "%q", text)
	}
	long := automate.Redact("begin " + strings.Repeat("ä", 10_000) + " end")
	assert.LessOrEqual(t, len(long), 4<<10)
	assert.True(t, strings.HasPrefix(long, "begin ä") && strings.HasSuffix(long, "ä end"))
	assert.Contains(t, long, "\n… 15978 bytes left out …\n")
	assert.Equal(t, long, automate.Redact(long))
}

func FuzzRedact(f *testing.F) {
	f.Add("password=hunter2 https://ana:x@h/ Bearer x")
	f.Add("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----")
	f.Add(strings.Repeat("Ⱥ=token:", 600))
	f.Fuzz(func(t *testing.T, text string) {
		once := automate.Redact(text)
		if len(once) > 4<<10 || !utf8.ValidString(once) {
			t.Fatalf("%d bytes", len(once))
		}
		if twice := automate.Redact(once); twice != once {
			t.Fatalf("%q, and again %q", once, twice)
		}
	})
}

func TestValidate(t *testing.T) {
	fine := automate.Runbook{When: "true", Steps: []automate.Step{{Do: "x"}}}
	assert.NoError(t, fine.Validate())
	assert.NoError(t, (&automate.Runbook{Mode: automate.Manual, Steps: []automate.Step{{Wait: 1}}}).Validate())
	many := automate.Runbook{When: "true", Steps: make([]automate.Step, 51)}
	for i := range many.Steps {
		many.Steps[i].Ask = "?"
	}
	for _, c := range []struct {
		change func(*automate.Runbook)
		want   string
	}{
		{func(r *automate.Runbook) { r.When = "" }, "when is missing, expected an expression, or mode manual"},
		{func(r *automate.Runbook) { r.Mode = "now" }, `mode "now", expected auto, approve or manual`},
		{func(r *automate.Runbook) { r.On = "labels." }, `on "labels.", expected a field of an event, such as subject or labels.deployment`},
		{
			func(r *automate.Runbook) { r.Deadline = -1 },
			"deadline -1ns, expected a positive duration, longer than all waits together (0s)",
		},
		{
			func(r *automate.Runbook) {
				r.Deadline, r.Steps = 2*time.Minute, []automate.Step{{Do: "x", Wait: time.Minute}, {Wait: time.Minute}}
			},
			"deadline 2m0s, expected a positive duration, longer than all waits together (2m0s)",
		},
		{func(r *automate.Runbook) { r.Steps = nil }, "steps: 0, expected 1 to 50"},
		{func(r *automate.Runbook) { *r = many }, "steps: 51, expected 1 to 50"},
		{
			func(r *automate.Runbook) {
				r.Limit = automate.Limit{Subject: automate.Rate{Per: 1}, Masking: automate.Rate{Count: 1, Per: time.Hour}, Cooldown: -1, Concurrent: -1}
			},
			"limit: subject 0 in 1ns, expected 1 or more in a span above zero\nlimit: masking 1 in 1h0m0s, expected 2 or more in a " +
				"span above zero\nlimit: cooldown -1ns, expected no negative duration\nlimit: concurrent -1, expected 1 or more",
		},
		{func(r *automate.Runbook) { r.Steps[0] = automate.Step{} }, "step 1: has 0 of do, ask, check and wait, expected exactly one, or do with wait"},
		{func(r *automate.Runbook) { r.Steps[0].Ask = "?" }, "step 1: has 2 of do, ask, check and wait, expected exactly one, or do with wait"},
		{func(r *automate.Runbook) { r.Steps[0] = automate.Step{Check: "x", Wait: 1} }, "step 1: has 2 of do, ask, check and wait, expected exactly one, or do with wait"},
		{func(r *automate.Runbook) { r.Steps[0].Wait = -1 }, "step 1: wait -1ns, expected no negative duration"},
		{func(r *automate.Runbook) { r.Steps[0].Deadline = -1 }, "step 1: deadline -1ns, expected a positive duration, and a step with do, check or ask"},
		{func(r *automate.Runbook) { r.Steps[0] = automate.Step{Wait: 1, Deadline: 1} }, "step 1: deadline 1ns, expected a positive duration, and a step with do, check or ask"},
		{
			func(r *automate.Runbook) {
				r.Steps[0] = automate.Step{Ask: "?", BeforePage: true, Args: map[string]string{"a": "b"}}
			},
			"step 1: before a page, expected only for a step with do or check, without wait\nstep 1: args, expected only for a step with do or check",
		},
		{func(r *automate.Runbook) { r.Steps[0].BeforePage, r.Steps[0].Wait = true, 1 }, "step 1: before a page, expected only for a step with do or check, without wait"},
		{
			func(r *automate.Runbook) {
				r.Steps[0].Args = map[string]string{"z": "$zone", "a": "$labels.x", "b": "$"}
			},
			"step 1: args: b: \"$\", expected $ and a field of an event, such as $labels.zone\n" +
				"step 1: args: z: \"$zone\", expected $ and a field of an event, such as $labels.zone",
		},
	} {
		r := fine
		r.Steps = append([]automate.Step(nil), fine.Steps...)
		c.change(&r)
		assert.EqualError(t, r.Validate(), c.want)
	}
}
