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
	tempFail      = 75               // exit status EX_TEMPFAIL of sysexits.h
	tempFailPause = 10 * time.Second // pause before a retry
	grace         = 2 * time.Second  // wait for background processes that keep the output open, before they are killed

	markName = "TOCSIN_EXECACTION" // variable of the environment that every process of one run inherits
)

// Action runs a program for every invocation. It is safe for concurrent use. Do not change its fields after the first use.
//
// A command is the path of a program, or its name in PATH, and its arguments. The arguments {key}, {subject}, {incident},
// {runbook} and {args.NAME} are replaced by that value:
//
//	Command: []string{"systemctl", "restart", "--", "{subject}"}
//
// A program would read a value with a leading dash as an option. Such a value is refused unless an argument -- precedes it.
//
// A dry run starts no program; its output is the command.
type Action struct {
	Command []string // the action itself
	// The commands of the other phases. An empty command skips its phase, but Compensate fails then. A step that only checks
	// runs VerifyCommand, or Command if VerifyCommand is empty.
	PrecheckCommand, VerifyCommand, CompensateCommand []string
	Env                                               []string // names of the environment variables passed to the programs
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

// Precheck runs PrecheckCommand. An error means that the action may not run.
func (a *Action) Precheck(ctx context.Context, in automate.Invocation) error {
	return a.ask(ctx, a.PrecheckCommand, in)
}

// Verify runs VerifyCommand. An error means that the effect of the action does not hold.
func (a *Action) Verify(ctx context.Context, in automate.Invocation) error {
	if in.Phase == automate.PhaseCheck && len(a.VerifyCommand) == 0 {
		return a.ask(ctx, a.Command, in)
	}
	return a.ask(ctx, a.VerifyCommand, in)
}

// Compensate runs CompensateCommand, which undoes the action.
func (a *Action) Compensate(ctx context.Context, in automate.Invocation) error {
	if len(a.CompensateCommand) == 0 {
		return errors.New("the action cannot be undone")
	}
	return a.ask(ctx, a.CompensateCommand, in)
}

// ask runs the command, unless it is empty. An error contains the output.
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
	cmd.Env, cmd.WaitDelay = a.environment(), grace
	var output bounded
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &output, &output
	end := contain(cmd)
	err = classed(ctx, cmd.Run())
	end()
	return automate.Result{Output: output.String()}, err
}

// environment returns the listed variables. It is never nil: with nil, exec.Cmd passes all variables.
func (a *Action) environment() []string {
	env := []string{}
	for _, name := range a.Env {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// classed turns the end of a program into nil, a retry or a final error. A background process that keeps the output open is no
// error.
func classed(ctx context.Context, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("the program was killed: %w", ctx.Err())
	case errors.As(err, &exit) && exit.ExitCode() == tempFail:
		return notify.RetryAfter(err, tempFailPause)
	}
	return err
}
