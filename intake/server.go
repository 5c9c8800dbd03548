package intake

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Server returns an HTTP server for h that strangers cannot exhaust. Set its address and its other fields, but keep Handler,
// ConnState and ConnContext.
//
// Its limits: 5 seconds and 32 KiB for the headers of a request, 10 seconds for its body, a minute until the answer is sent, and
// a minute without a request. A handler may change the deadlines of its request with [http.ResponseController]. If a handler
// answers before it has read the body, the connection is closed, and the rest of the body is not waited for.
//
// At most the given number of connections are open at the same time; zero means 512. Choose it below half of the files that the
// process may open (ulimit -n), because stores and notifiers open some too. One connection more closes another: the oldest one
// that waits for a request, from the address with the most connections. If requests in progress take more than three quarters, the
// oldest of these is closed in its place. An intake that has received all of a body keeps its connection.
func Server(h http.Handler, connections int) *http.Server {
	if connections <= 0 {
		connections = 512
	}
	c := &crowd{most: connections, open: make(map[net.Conn]*connection), from: make(map[netip.Prefix]int)}
	return &http.Server{
		Handler:           guard(h),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5*time.Second + bodyTimeout,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ConnContext:       c.enter,
		ConnState:         c.turn,
	}
}

// crowd holds the open connections of a server.
type crowd struct {
	most int

	mu     sync.Mutex
	open   map[net.Conn]*connection
	from   map[netip.Prefix]int // open connections by address
	asking int                  // open connections that are in the state asks
	clock  int64                // counts the changes of states
}

// state says how much a connection is worth.
type state int

const (
	waits state = iota // for a request, or for the rest of a body that nobody reads
	asks               // its request is in a handler
	works              // an intake has received the body of its request
)

// connection is one open connection. Its fields are guarded by the crowd. A nil connection is one of another server.
type connection struct {
	net.Conn
	of    *crowd
	from  netip.Prefix
	state state
	since int64
}

type connectionKey struct{}

func connectionOf(ctx context.Context) *connection {
	c, _ := ctx.Value(connectionKey{}).(*connection)
	return c
}

// enter adds a connection, and closes another one if there are too many.
func (c *crowd) enter(ctx context.Context, conn net.Conn) context.Context {
	added := &connection{Conn: conn, of: c, from: addressOf(conn)}
	c.mu.Lock()
	closed := added
	if len(c.open) < c.most {
		closed = nil
	} else if victim := c.victim(); victim != nil {
		c.drop(victim)
		closed = victim
	}
	if closed != added {
		c.open[conn] = added
		c.from[added.from]++
		c.stamp(added, waits)
	}
	c.mu.Unlock()
	if closed != nil {
		closed.abandon()
	}
	return context.WithValue(ctx, connectionKey{}, added)
}

// turn follows the states of net/http.
func (c *crowd) turn(conn net.Conn, to http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.open[conn]
	switch {
	case known == nil:
	case to == http.StateActive:
		c.stamp(known, asks)
	case to == http.StateIdle:
		c.stamp(known, waits)
	case to == http.StateClosed, to == http.StateHijacked:
		c.drop(known)
	}
}

// enter sets the state of a connection while its request is in a handler.
func (c *connection) enter(s state) {
	if c == nil {
		return
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.of.open[c.Conn] == c {
		c.of.stamp(c, s)
	}
}

func (c *crowd) stamp(of *connection, s state) {
	c.count(of.state, -1)
	c.count(s, 1)
	c.clock++
	of.state, of.since = s, c.clock
}

func (c *crowd) count(s state, n int) {
	if s == asks {
		c.asking += n
	}
}

func (c *crowd) drop(gone *connection) {
	delete(c.open, gone.Conn)
	c.count(gone.state, -1)
	if c.from[gone.from]--; c.from[gone.from] == 0 {
		delete(c.from, gone.from)
	}
}

// victim returns the connection to close for a new one, nil if all of them work.
func (c *crowd) victim() *connection {
	first, then := waits, asks
	if c.asking > c.most*3/4 {
		first, then = asks, waits
	}
	if found := c.oldest(first); found != nil {
		return found
	}
	return c.oldest(then)
}

// oldest returns the oldest connection in a state, from the address with the most connections.
func (c *crowd) oldest(in state) *connection {
	var found *connection
	most := 0
	for _, each := range c.open {
		if each.state != in {
			continue
		}
		if n := c.from[each.from]; n > most || n == most && each.since < found.since {
			found, most = each, n
		}
	}
	return found
}

// abandon closes a connection without a farewell, for which TLS would wait.
func (c *connection) abandon() {
	if wrapped, ok := c.Conn.(interface{ NetConn() net.Conn }); ok {
		_ = wrapped.NetConn().Close()
		return
	}
	_ = c.Close()
}

// addressOf returns the address of the other side; in IPv6 the network of a customer, who has all its addresses.
func addressOf(conn net.Conn) netip.Prefix {
	remote := conn.RemoteAddr()
	if remote == nil {
		return netip.Prefix{}
	}
	at, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return netip.Prefix{}
	}
	addr, bits := at.Addr().Unmap(), 64
	if addr.Is4() {
		bits = 32
	}
	network, _ := addr.Prefix(bits)
	return network
}
