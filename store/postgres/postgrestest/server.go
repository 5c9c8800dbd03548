package postgrestest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNotFound means that PostgreSQL is not installed.
var ErrNotFound = errors.New("postgrestest: no initdb and postgres found: neither where pg_config says, nor in /usr/lib/postgresql, nor on the PATH")

// startWithin is the maximum time until a server accepts connections, including crash recovery.
const startWithin = time.Minute

// Server is a running server with its cluster. It stops when the process that started it ends, even if that is killed.
type Server struct {
	dir, bin string
	settings []string

	running io.Closer // closing it stops the server
	ended   chan error
}

// Start creates a cluster and starts a server. Settings are lines of postgresql.conf, such as "fsync=off".
func Start(settings ...string) (*Server, error) { return start(settings, (*Server).initialise) }

// start starts a server on the cluster that cluster creates.
func start(settings []string, cluster func(*Server) error) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tocsin-pg-") // short: a socket path has at most 107 bytes
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, settings: settings}
	if err := errors.Join(s.give(), cluster(s)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.Restart(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// find returns the folder of the PostgreSQL programs.
func find() (string, error) {
	var folders []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(debian) // newest first
	folders = append(folders, debian...)
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, dir := range folders {
		_, noInit := os.Stat(filepath.Join(dir, "initdb"))
		_, noServer := os.Stat(filepath.Join(dir, "postgres"))
		if noInit == nil && noServer == nil {
			return dir, nil
		}
	}
	return "", ErrNotFound
}

func (s *Server) initialise() error {
	return s.tool("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
}

// tool runs a PostgreSQL program and waits for it.
func (s *Server) tool(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = unprivileged()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("postgrestest: %s: %w\n%s", name, err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// DSN returns a libpq connection string for the server.
func (s *Server) DSN() string {
	return fmt.Sprintf("host=%s user=postgres dbname=postgres sslmode=disable", s.Host())
}

// Host returns the host parameter of the DSN, for a DSN with several hosts.
func (s *Server) Host() string { return s.dir }

// Socket returns the path of the unix socket, for a Proxy.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// watch is a shell script that runs the server until its standard input ends, and then stops it immediately. Standard
// input ends with the process that holds the other end, even if that is killed.
const watch = `exec 3<&0 </dev/null; "$@" 3<&- & server=$!; (read _ <&3; kill -QUIT $server) 2>/dev/null & wait $server`

// Restart starts the server again after a Crash, and waits until it accepts connections.
func (s *Server) Restart() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{
		"-c", watch, "sh", filepath.Join(s.bin, "postgres"), "-D", s.data(), "-c", "listen_addresses=", "-c", "port=5432",
		"-c", "unix_socket_directories=" + s.dir,
	}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command("sh", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = s.dir, log, log, unprivileged()
	stop, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("postgrestest: start: %w", err)
	}
	s.running, s.ended = stop, make(chan error, 1)
	go func() { s.ended <- cmd.Wait() }()
	return s.ready()
}

// ready waits until the pid file says that the server accepts connections.
func (s *Server) ready() error {
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.ended:
			s.ended <- nil
			return fmt.Errorf("postgrestest: the server ended at once:\n%s", s.log())
		default:
		}
		pid, _ := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
		if lines := strings.Split(string(pid), "\n"); len(lines) > 7 {
			if status := strings.TrimSpace(lines[7]); status == "ready" || status == "standby" {
				return nil
			}
		}
	}
	return fmt.Errorf("postgrestest: the server is not ready after %v:\n%s", startWithin, s.log())
}

// log returns the end of the server's log.
func (s *Server) log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text[max(0, len(text)-4_000):])
}

// Crash stops the server immediately: it tells no client, and the next start runs crash recovery.
func (s *Server) Crash() {
	_ = s.running.Close()
	s.ended <- <-s.ended
	_ = os.Remove(filepath.Join(s.data(), "postmaster.pid")) // names the stopped server
}

// Close stops the server and removes its cluster.
func (s *Server) Close() error {
	s.Crash()
	return os.RemoveAll(s.dir)
}
