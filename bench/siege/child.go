package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// child is a child process. It reads one order per line, and answers each with one line of JSON.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
}

// start runs this program in a role, and waits for its first line.
func (o *options) start(ctx context.Context, role string, flags ...string) (c *child, hello string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	flags = append([]string{"-role", role, "-seed", fmt.Sprint(o.seed), "-share", fmt.Sprint(o.size.share)}, flags...)
	c = &child{cmd: exec.CommandContext(ctx, self, flags...), lines: make(chan string, 8)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, "", err
	}
	go func() {
		defer close(c.lines)
		for all := bufio.NewScanner(out); all.Scan(); {
			c.lines <- all.Text()
		}
	}()
	hello, ok := <-c.lines
	if !ok {
		return nil, "", errors.Join(fmt.Errorf("the %s said nothing", role), c.cmd.Wait())
	}
	return c, hello, nil
}

// answer waits for the next line and decodes it.
func (c *child) answer(into any) error {
	line, ok := <-c.lines
	if !ok {
		return errors.New("the child has ended")
	}
	return json.Unmarshal([]byte(line), into)
}

// ask gives an order and decodes the answer.
func (c *child) ask(order string, into any) error {
	if _, err := fmt.Fprintln(c.in, order); err != nil {
		return err
	}
	return c.answer(into)
}

// stop closes the child's input, upon which it ends. It kills a child that does not end in time.
func (c *child) stop(within time.Duration) {
	defer time.AfterFunc(within, func() { _ = c.cmd.Process.Kill() }).Stop()
	_ = c.in.Close()
	for range c.lines { // nobody reads its last lines
	}
	_ = c.cmd.Wait()
}

// end kills the child. It may be called after stop.
func (c *child) end() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// peak returns the largest resident set of the child so far in MiB, 0 where /proc does not tell.
func (c *child) peak() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, _ := strconv.Atoi(strings.Fields(after + " 0")[0])
	return kib >> 10
}

// busy returns the processor time that the whole machine has spent, 0 where /proc does not tell.
func busy() time.Duration {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	const idle, wait, tick = 3, 4, 10 * time.Millisecond
	var ticks time.Duration
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, field := range strings.Fields(line)[1:] {
		if n, err := strconv.Atoi(field); err == nil && i != idle && i != wait {
			ticks += time.Duration(n)
		}
	}
	return ticks * tick
}
