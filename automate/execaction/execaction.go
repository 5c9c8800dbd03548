package execaction

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/notify"
)

const (
	later      = 75               // the exit status EX_TEMPFAIL of sysexits.h
	laterPause = 10 * time.Second // before it is run again
	grace      = 2 * time.Second  // for what the program has left behind to close its output
)

// Action runs a program for every invocation. It may be used concurrently; its fields do not change after the first use.
//
// Each command is a program, by its path or its name in PATH, and its arguments. An argument that is as a whole {key},
// {subject}, {incident}, {runbook} or {args.NAME} becomes that value. A value that begins with a dash is refused, unless
// an argument -- comes before it: the program would take it for an option.
//
// A dry run runs nothing, and says what it would have run.
type Action struct {
	Command []string // acts
	// The commands of the other phases. Without one, nothing is checked before or after, and nothing is taken back. A step
	// that only checks runs VerifyCommand, without one Command.
	PrecheckCommand, VerifyCommand, CompensateCommand []string
	Env                                               []string // names of the variables that programs are given
}

var (
	_ automate.Action      = (*Action)(nil)
	_ automate.Prechecker  = (*Action)(nil)
	_ automate.Verifier    = (*Action)(nil)
	_ automate.Compensator = (*Action)(nil)
)

// Run runs Command.
func (a *Action) Run(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	return a.run(ctx, a.Command, in)
}

// Precheck runs PrecheckCommand, which tells whether the action may be done.
func (a *Action) Precheck(ctx context.Context, in automate.Invocation) error {
	return a.ask(ctx, a.PrecheckCommand, in)
}

// Verify runs VerifyCommand, which tells whether what was done holds.
func (a *Action) Verify(ctx context.Context, in automate.Invocation) error {
	if in.Phase == automate.PhaseCheck && len(a.VerifyCommand) == 0 {
		return a.ask(ctx, a.Command, in)
	}
	return a.ask(ctx, a.VerifyCommand, in)
}

// Compensate runs CompensateCommand, which takes back what was done.
func (a *Action) Compensate(ctx context.Context, in automate.Invocation) error {
	if len(a.CompensateCommand) == 0 {
		return errors.New("there is no way back")
	}
	return a.ask(ctx, a.CompensateCommand, in)
}

// ask runs the command, if there is one. Its output counts where it fails: there is no other place for it.
func (a *Action) ask(ctx context.Context, command []string, in automate.Invocation) error {
	if len(command) == 0 {
		return nil
	}
	result, err := a.run(ctx, command, in)
	if output := automate.Redact(result.Output); err != nil && output != "" {
		return fmt.Errorf("%w: %s", err, output)
	}
	return err
}

func (a *Action) run(ctx context.Context, command []string, in automate.Invocation) (automate.Result, error) {
	argv, err := arguments(command, &in)
	if err != nil {
		return automate.Result{}, err
	}
	if in.DryRun {
		return automate.Result{Output: fmt.Sprintf("would run %q", argv)}, nil
	}
	stdin, err := json.Marshal(in)
	if err != nil {
		return automate.Result{}, err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	contain(cmd)
	var output bounded
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &output, &output
	cmd.Env, cmd.WaitDelay = a.environment(), grace
	err = classed(ctx, cmd.Run())
	return automate.Result{Output: output.String()}, err
}

// environment returns the variables that are named. It is never nil, which would stand for all of them.
func (a *Action) environment() []string {
	env := []string{}
	for _, name := range a.Env {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// classed says what the end of a program means. One that has left something behind, which keeps its output open, has ended
// all the same.
func classed(ctx context.Context, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("the program was ended: %w", ctx.Err())
	case errors.As(err, &exit) && exit.ExitCode() == later:
		return notify.RetryAfter(err, laterPause)
	}
	return err
}
