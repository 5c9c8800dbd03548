package postgres_test

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// What a proxy does to the next transaction.
const (
	pass        = iota
	dropCommit  // it never reaches the server
	dropReply   // the server commits, and nobody hears of it
	dropAnswers // even of the first trip
)

// proxy stands between a store and its server, and cuts connections at the worst moment.
type proxy struct {
	network, server string
	listener        net.Listener
	fault           atomic.Int32
	open            sync.WaitGroup
}

// newProxy listens on the loopback, and stops with the test.
func newProxy(t *testing.T, dsn string) (p *proxy, through string) {
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	p = &proxy{}
	p.network, p.server = pgconn.NetworkAddress(config.Host, config.Port)
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = p.listener.Close()
		p.open.Wait()
	})
	p.open.Go(p.accept)
	addr := p.listener.Addr().(*net.TCPAddr)
	return p, fmt.Sprintf("%s host=127.0.0.1 port=%d sslmode=disable", dsn, addr.Port)
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		var begun atomic.Bool
		p.open.Go(func() {
			p.carry(server, client, func([]byte) bool { return begun.Load() && p.fault.CompareAndSwap(dropCommit, pass) })
		})
		p.open.Go(func() {
			p.carry(client, server, func(answer []byte) bool {
				if bytes.Contains(answer, []byte("BEGIN\x00")) {
					begun.Store(p.fault.Load() == dropCommit)
					return p.fault.CompareAndSwap(dropAnswers, pass)
				}
				return bytes.Contains(answer, []byte("COMMIT\x00")) && p.fault.CompareAndSwap(dropReply, pass)
			})
		})
	}
}

// carry copies until one side ends, or what came must be dropped; then it closes both.
func (p *proxy) carry(to, from net.Conn, drop func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || drop(buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// TestUnknownOutcome loses a commit on its way to the server, and the answer on its way back. The caller cannot tell the two
// apart, repeats both with their event ids, and each counts once. What is lost before is tried again without a word.
func TestUnknownOutcome(t *testing.T) {
	db := newDatabase(t)
	p, through := newProxy(t, db.dsn)
	direct := db.dsn
	db.dsn = through
	s := db.mustOpen(1)
	db.dsn = direct
	for i, c := range []struct {
		name      string
		fault     int32
		committed bool
	}{{"commit", dropCommit, false}, {"reply", dropReply, true}} {
		t.Run(c.name, func(t *testing.T) {
			sc := store.Scope{Write: []store.Key{key("a")}, Events: []store.EventID{eventID(c.name)}}
			apply := func(v store.View) (store.Batch, store.Need, error) {
				if v.Seen[0] {
					return store.Batch{}, store.Need{}, nil
				}
				return store.Batch{
					Now: start, Log: []byte("x"), Put: []store.Change{one(v.Records[key("a")])},
					Tasks: []store.Task{task(c.name, key("a"))},
				}, store.Need{}, nil
			}
			p.fault.Store(c.fault)
			require.ErrorIs(t, s.Update(t.Context(), sc, apply), store.ErrUnknown)
			assert.Equal(t, c.committed, value(t, s, key("a")) == fmt.Sprint(i+1))
			for range 2 {
				require.NoError(t, s.Update(t.Context(), sc, apply))
				assert.Equal(t, fmt.Sprint(i+1), value(t, s, key("a")))
				for kind, tenant := range map[string]string{"task": "shop", "log": ""} {
					rows, err := s.Read(t.Context(), store.Query{Tenant: tenant, Kind: kind})
					require.NoError(t, err)
					assert.Len(t, rows, i+1, kind)
				}
			}
		})
	}
	p.fault.Store(dropAnswers)
	require.NoError(t, count(t.Context(), s, key("a"), eventID("lost at the beginning")))
	assert.Equal(t, "3", value(t, s, key("a")))
	assert.Zero(t, p.fault.Load(), "the fault was met")
}
