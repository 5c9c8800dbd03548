package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// Environment variables for a child process.
const (
	envJob    = "TOCSIN_TEST_JOB"
	envDSN    = "TOCSIN_TEST_DSN"
	envSchema = "TOCSIN_TEST_SCHEMA"
)

// jobs are the functions of child processes. A child reports on standard output, and waits for lines on standard input.
var jobs = map[string]func(ctx context.Context, s *postgres.Store, told *bufio.Scanner) error{
	"settle": settleWhenTold, "decide": decideWhenTold, "deliver": deliver,
	"end": endWhenTold, "take in": takeInWhenTold, "take in unlocked": takeInUnlockedWhenTold,
}

// work is the main function of a child process.
func work(job string) int {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv(envDSN))
	if err == nil {
		var s *postgres.Store
		if s, err = postgres.New(ctx, pool, postgres.Config{Codec: text{}, Schema: os.Getenv(envSchema)}); err == nil {
			err = jobs[job](ctx, s, bufio.NewScanner(os.Stdin))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, job, err)
		return 1
	}
	return 0
}

// process is a child that works on a database.
type process struct {
	*exec.Cmd
	t    *testing.T
	in   io.Writer
	says *bufio.Scanner
}

// begin starts a child. The end of the test kills it.
func (d *database) begin(job string, args ...string) *process {
	d.t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), envJob+"="+job, envDSN+"="+d.dsn, envSchema+"="+d.schema)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(d.t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(d.t, err)
	require.NoError(d.t, cmd.Start())
	d.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &process{cmd, d.t, in, bufio.NewScanner(out)}
}

func (p *process) signal(s syscall.Signal) { require.NoError(p.t, p.Process.Signal(s)) }

func (p *process) tell(words ...any) {
	_, err := fmt.Fprintln(p.in, words...)
	require.NoError(p.t, err)
}

func (p *process) hear(want string) {
	p.t.Helper()
	require.True(p.t, p.says.Scan(), "the child has ended")
	require.Equal(p.t, want, p.says.Text())
}

func settleWhenTold(ctx context.Context, s *postgres.Store, told *bufio.Scanner) error {
	c, err := s.Claim(ctx, store.ClaimRequest{
		Now: at(0), Owner: "paused", Queues: map[string]int{"sms": 1}, Limit: 1, LeaseFor: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	fmt.Println("claimed", len(c.Tasks), "with fence", c.Tasks[0].Lease.Fence)
	told.Scan()
	valid, err := settle(ctx, s, store.Claim{ID: c.Tasks[0].ID, Fence: c.Tasks[0].Lease.Fence})
	fmt.Println("settled", valid)
	return err
}

func decideWhenTold(ctx context.Context, s *postgres.Store, told *bufio.Scanner) error {
	k := key("a")
	runs := 0
	err := s.Update(ctx, store.Scope{Write: []store.Key{k}}, func(v store.View) (store.Batch, store.Need, error) {
		if runs++; runs == 1 {
			fmt.Println("deciding over version", v.Records[k].Version)
			told.Scan()
		}
		return store.Batch{Now: start, Put: []store.Change{one(v.Records[k])}}, store.Need{}, nil
	})
	fmt.Println("decided", runs, "times")
	return err
}

// TestRow04 pauses the owner of a task for longer than its lease. Another replica claims the task. When the paused
// process resumes, its settlement must fail.
func TestRow04(t *testing.T) {
	db := newDatabase(t)
	s := db.mustOpen(2)
	require.NoError(t, update(t.Context(), s, store.Scope{}, store.Batch{Tasks: []store.Task{task("page", key("a"))}}))

	paused := db.begin("settle")
	paused.hear("claimed 1 with fence 1")
	paused.signal(syscall.SIGSTOP)
	assert.Empty(t, claim(t, s, at(9), "awake"), "the lease holds")
	taken := claim(t, s, at(30), "awake")
	require.Len(t, taken, 1)
	assert.EqualValues(t, 2, taken[0].Lease.Fence)
	paused.signal(syscall.SIGCONT)
	paused.tell()
	paused.hear("settled false")

	valid, err := settle(t.Context(), s, store.Claim{ID: "page", Fence: 2})
	require.NoError(t, err)
	assert.True(t, valid, "the one who took over settles")
}

// TestRow04Locks pauses a process that holds the lock on a record. The server must end its transaction, so that others
// wait only some seconds. The process must decide again when it resumes.
func TestRow04Locks(t *testing.T) {
	db := newDatabase(t)
	s := db.mustOpen(2)
	paused := db.begin("decide")
	paused.hear("deciding over version 0")
	paused.signal(syscall.SIGSTOP)
	require.NoError(t, count(t.Context(), s, key("a"), eventID("1")))
	assert.Equal(t, "1", value(t, s, key("a")))
	paused.signal(syscall.SIGCONT)
	paused.tell()
	paused.hear("decided 2 times")
	assert.Equal(t, "2", value(t, s, key("a")))
}
