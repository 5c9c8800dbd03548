//go:build unix

package execaction_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/automatetest"
	"github.com/tocsin-dev/tocsin/automate/execaction"
	"github.com/tocsin-dev/tocsin/notify"
)

// password is in an environment variable of the program.
const password = "hunter2hunter2"

// TestMain runs the tests, or acts as the program that they start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "program" {
		syscall.Exit(program(os.Args[2], os.Args[3:])) // with the race detector, os.Exit takes a second
	}
	os.Setenv("TOKEN", password)
	goleak.VerifyTestMain(m)
}

// program acts by its first argument.
func program(do string, args []string) int {
	switch do {
	case "print":
		fmt.Println(strings.Join(args, " "))
	case "stdin":
		io.Copy(os.Stdout, os.Stdin)
	case "env":
		for _, variable := range os.Environ() {
			name, value, _ := strings.Cut(variable, "=")
			if name == "TOCSIN_EXECACTION" { // differs in each run
				value = fmt.Sprint(len(value), " letters")
			}
			fmt.Println(name + "=" + value)
		}
	case "exit":
		fmt.Fprintln(os.Stderr, "2 of 3 ready")
		code, _ := strconv.Atoi(args[0])
		return code
	case "leave": // leaves a background process
		child(args[0], args[1:])
	case "hang": // with a child that hangs too
		child(args[0], args[1:])
		select {}
	case "sleep":
		time.Sleep(time.Minute)
	default:
		return world(do, args[0], args[1], args[2])
	}
	return 0
}

// child starts a sleeping process and writes its process id into a file. Without further words the process keeps the output open.
func child(file string, words []string) {
	cmd := exec.Command(os.Args[0], "program", "sleep")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: slices.Contains(words, "setsid")}
	if !slices.Contains(words, "quiet") {
		cmd.Stdout = os.Stdout
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	if err := os.WriteFile(file+".new", []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		panic(err)
	}
}

// world is a fake system in a directory. Each key is a file that holds the subject.
func world(do, dir, key, subject string) int {
	line, _ := json.Marshal([]string{do, key, subject})
	asked, err := os.OpenFile(filepath.Join(dir, "asked"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	fmt.Fprintf(asked, "%s\n", line)
	asked.Close()
	has := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	thing := filepath.Join(dir, "thing-"+strings.ReplaceAll(key, "/", "-"))
	things, _ := filepath.Glob(filepath.Join(dir, "thing-*"))
	switch {
	case has("hang"):
		time.Sleep(time.Minute)
	case has("broken"):
		fmt.Println("refused", os.Args, "token="+os.Getenv("TOKEN"))
		return 1
	case has("flood"):
		for range 16 {
			fmt.Print(strings.Repeat("flood\n", 1<<16))
		}
	case do == "run":
		os.WriteFile(thing, []byte(subject), 0o600)
		fmt.Println("done", subject)
	case do == "verify" && len(things) == 0:
		return 1
	case do == "compensate":
		for _, t := range things {
			os.Remove(t)
		}
	}
	return 0
}

func in(phase automate.Phase) automate.Invocation {
	return automate.Invocation{
		Key: "R/1/" + string(phase), Action: "restart", Phase: phase, Incident: "INC-7", Runbook: "fix", Step: 1, Subject: "api",
		Args: map[string]string{"zone": "z1", "none": ""}, Attempt: 1,
	}
}

func command(do string, args ...string) []string {
	return append([]string{os.Args[0], "program", do}, args...)
}

func TestTheActionKeepsTheRules(t *testing.T) {
	automatetest.Run(t, func(t *testing.T) *automatetest.Harness {
		dir := t.TempDir()
		put := func(name string) { require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600)) }
		does := func(do string) []string { return command(do, dir, "{key}", "--", "{subject}") }
		asked := func() (asked [][]string) {
			file, err := os.Open(filepath.Join(dir, "asked"))
			if err != nil {
				return nil
			}
			defer file.Close()
			for lines := bufio.NewScanner(file); lines.Scan(); {
				var values []string
				if json.Unmarshal(lines.Bytes(), &values) == nil {
					asked = append(asked, values)
				}
			}
			return asked
		}
		return &automatetest.Harness{
			Action: &execaction.Action{
				Command: drop(does("run")), PrecheckCommand: drop(does("precheck")), VerifyCommand: drop(does("verify")),
				CompensateCommand: drop(does("compensate")), Env: []string{"TOKEN"},
			},
			Invocation: automate.Invocation{Action: "restart", Subject: "T0Csubject"},
			Standing: func() int {
				things, err := filepath.Glob(filepath.Join(dir, "thing-*"))
				require.NoError(t, err)
				return len(things)
			},
			Asked: asked,
			Break: func() { put("broken") }, Flood: func() { put("flood") },
			Hang: func() <-chan struct{} {
				put("hang")
				reached := make(chan struct{})
				go func() {
					for len(asked()) == 0 {
						time.Sleep(time.Millisecond)
					}
					close(reached)
				}()
				return reached
			},
			Secrets: []string{password},
		}
	})
}

// drop removes the --, so that subjects with a leading dash are refused.
func drop(argv []string) []string { return append(argv[:len(argv)-2:len(argv)-2], argv[len(argv)-1]) }

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		command []string
		want    string // the arguments, or the error
	}{
		{command("print", "{subject}", "{key}", "{incident}", "{runbook}", "{args.zone}"), "api R/1/run INC-7 fix z1"},
		{command("print", "in-{subject}", "{}", `{"a":1}`, "$subject", "{args.none}."), `in-{subject} {} {"a":1} $subject {args.none}.`},
		{command("print", "a", "{args.none}", "b"), "a  b"},
		{command("print", "{args.gone}"), "the invocation has no value for {args.gone}, expected {key}, {subject}, {incident}, {runbook} or {args.NAME}"},
		{command("print", "{action}"), "the invocation has no value for {action}, expected {key}, {subject}, {incident}, {runbook} or {args.NAME}"},
		{nil, "the command is empty, expected a program and its arguments"},
		{[]string{""}, "the command is empty, expected a program and its arguments"},
		{[]string{"/nowhere/to/be/found"}, "fork/exec /nowhere/to/be/found: no such file or directory"},
	} {
		result, err := automate.Call(t.Context(), &execaction.Action{Command: c.command}, in(automate.PhaseRun))
		if err != nil {
			assert.EqualError(t, err, c.want, c.command)
			continue
		}
		assert.Equal(t, c.want, result.Output, c.command)
	}
}

func TestAValueIsNoOption(t *testing.T) {
	dashed := in(automate.PhaseRun)
	dashed.Subject = "--force"
	_, err := (&execaction.Action{Command: command("print", "{subject}", "--")}).Run(t.Context(), dashed)
	assert.EqualError(t, err, `{subject} is "--force", expected no leading dash, or an argument -- before it`)
	result, err := (&execaction.Action{Command: command("print", "--", "{subject}")}).Run(t.Context(), dashed)
	require.NoError(t, err)
	assert.Equal(t, "-- --force\n", result.Output)
	dashed.Subject = ""
	_, err = (&execaction.Action{Command: command("print", "{subject}")}).Run(t.Context(), dashed)
	assert.ErrorContains(t, err, "the invocation has no value for {subject}")
}

func TestTheProgramGetsWhatItIsGiven(t *testing.T) {
	t.Setenv("GIVEN", "a b")
	t.Setenv("KEPT", "x")
	result, err := (&execaction.Action{Command: command("env"), Env: []string{"GIVEN", "NOWHERE"}}).Run(t.Context(), in(automate.PhaseRun))
	require.NoError(t, err)
	assert.Equal(t, "GIVEN=a b\nTOCSIN_EXECACTION=26 letters\n", result.Output)
	result, err = (&execaction.Action{Command: command("env")}).Run(t.Context(), in(automate.PhaseRun))
	require.NoError(t, err)
	assert.Equal(t, "TOCSIN_EXECACTION=26 letters\n", result.Output)

	result, err = (&execaction.Action{Command: command("stdin")}).Run(t.Context(), in(automate.PhaseRun))
	require.NoError(t, err)
	var got automate.Invocation
	require.NoError(t, json.Unmarshal([]byte(result.Output), &got))
	assert.Equal(t, in(automate.PhaseRun), got)
}

func TestExitStatus(t *testing.T) {
	for code, retry := range map[int]time.Duration{1: 0, 3: 0, 75: 10 * time.Second} {
		a := &execaction.Action{Command: command("exit", strconv.Itoa(code)), VerifyCommand: command("exit", strconv.Itoa(code))}
		result, err := a.Run(t.Context(), in(automate.PhaseRun))
		assert.EqualError(t, err, fmt.Sprintf("exit status %d", code))
		assert.Equal(t, "2 of 3 ready\n", result.Output)
		assert.Equal(t, retry, notify.RetryDelay(err, time.Now()))
		err = a.Verify(t.Context(), in(automate.PhaseVerify))
		assert.EqualError(t, err, fmt.Sprintf("exit status %d: 2 of 3 ready", code))
		assert.Equal(t, retry, notify.RetryDelay(err, time.Now()))
	}
}

func TestPhasesWithoutACommand(t *testing.T) {
	a := &execaction.Action{Command: command("exit", "4")}
	assert.NoError(t, a.Precheck(t.Context(), in(automate.PhasePrecheck)))
	assert.NoError(t, a.Verify(t.Context(), in(automate.PhaseVerify)))
	assert.EqualError(t, a.Verify(t.Context(), in(automate.PhaseCheck)), "exit status 4: 2 of 3 ready")
	assert.EqualError(t, a.Compensate(t.Context(), in(automate.PhaseCompensate)), "the action cannot be undone")
	a.CompensateCommand = command("print")
	assert.NoError(t, a.Compensate(t.Context(), in(automate.PhaseCompensate)))
}

func TestADryRunRunsNothing(t *testing.T) {
	dry := in(automate.PhaseRun)
	dry.DryRun = true
	result, err := (&execaction.Action{Command: []string{"/nowhere/reboot", "{subject}", "now"}}).Run(t.Context(), dry)
	require.NoError(t, err)
	assert.Equal(t, `would run ["/nowhere/reboot" "api" "now"]`, result.Output)
}

// TestNoProcessOutlivesItsProgram: what a program has started dies with it, whether the program is killed or ends, and with whatever status.
func TestNoProcessOutlivesItsProgram(t *testing.T) {
	for _, words := range [][]string{nil, {"quiet"}, {"setsid"}, {"quiet", "setsid"}} {
		name := strings.Join(append([]string{"child"}, words...), " ")
		if slices.Contains(words, "setsid") && runtime.GOOS != "linux" {
			continue // such a process is not found there, as the documentation says
		}
		t.Run(name+" of a killed program", func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pid")
			ctx, cancel := context.WithCancel(t.Context())
			returned := make(chan error, 1)
			go func() {
				_, err := (&execaction.Action{Command: command("hang", append([]string{file}, words...)...)}).Run(ctx, in(automate.PhaseRun))
				returned <- err
			}()
			pid := read(t, file)
			require.NoError(t, syscall.Kill(pid, 0))
			cancel()
			assert.ErrorIs(t, <-returned, context.Canceled)
			gone(t, pid)
		})
		t.Run(name+" of a program that has ended", func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pid")
			_, err := (&execaction.Action{Command: command("leave", append([]string{file}, words...)...)}).Run(t.Context(), in(automate.PhaseRun))
			require.NoError(t, err)
			gone(t, read(t, file))
		})
	}
}

// TestOthersAreLetBe: a process that no program of an action has started lives on, also one of another run.
func TestOthersAreLetBe(t *testing.T) {
	other := exec.Command(os.Args[0], "program", "sleep")
	other.Env = []string{"TOCSIN_EXECACTION=OTHER"}
	require.NoError(t, other.Start())
	_, err := (&execaction.Action{Command: command("print")}).Run(t.Context(), in(automate.PhaseRun))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(other.Process.Pid, 0))
	require.NoError(t, other.Process.Kill())
	require.EqualError(t, other.Wait(), "signal: killed")
}

func read(t *testing.T, file string) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(file)
		pid, _ = strconv.Atoi(string(text))
		return err == nil
	}, 10*time.Second, time.Millisecond)
	return pid
}

// gone waits until a process has ended or is a zombie.
func gone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return true
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(status), ") Z ")
	}, 10*time.Second, time.Millisecond, "process %d", pid)
}
