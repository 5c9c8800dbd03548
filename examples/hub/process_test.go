package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is the hub as a binary with flags. Tests kill it and restart it with the same file.
type process struct {
	t         *testing.T
	addr      string
	env, args []string // args[0] is the binary
	cmd       *exec.Cmd
}

// build builds the binary of the hub, with the catalog of a folder and a webhook to the URL.
func build(t *testing.T, folder, file, pager string) *process {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "hub")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := free.Addr().String()
	require.NoError(t, free.Close())
	p := &process{
		t: t, addr: addr, env: append(os.Environ(), "HUB_TOKEN=token", "HUB_PEOPLE=ana:secret,ben:word", "HUB_PAGER_URL="+pager, "HUB_MAIL_URL="+pager),
		args: []string{binary, "-addr", addr, "-catalog", folder, "-db", file},
	}
	t.Cleanup(p.kill)
	return p
}

// start starts the hub and waits until it is healthy.
func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	var log bytes.Buffer
	p.cmd.Env, p.cmd.Stderr = p.env, &log
	require.NoError(p.t, p.cmd.Start())
	for end := time.Now().Add(20 * time.Second); p.ask("GET", "/health", "token", "") >= 300; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.kill()
			p.t.Fatalf("the hub does not answer:\n%s", &log)
		}
	}
}

// kill sends SIGKILL.
func (p *process) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// end stops the hub and waits for its exit. The hub would wait 5 seconds for idle connections.
func (p *process) end() {
	http.DefaultClient.CloseIdleConnections()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.cmd.Wait())
}

// ask returns the status of the answer to a request as who, 1,000 without an answer.
func (p *process) ask(method, path, who, body string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		return 1_000
	}
	sign(r, who)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 1_000
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}
