package postgrestest

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
)

// Fault is an error that a Proxy causes in the next transaction.
type Fault int32

// Faults. Each happens once.
const (
	Pass        Fault = iota
	DropCommit        // the commit never reaches the server
	DropReply         // the server commits, but its answer is lost
	DropAnswers       // every answer is lost, from the first round trip on
)

// Proxy forwards connections to a server, and breaks them at a chosen moment. It reads the protocol, so the connections
// must not be encrypted.
type Proxy struct {
	server   atomic.Pointer[endpoint] // for new connections
	listener net.Listener
	fault    atomic.Int32
	open     sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	conns []*proxied // connections that are not stranded
}

// proxied is a client's connection and the connection to the server behind it.
type proxied struct {
	client, server net.Conn
	stranded       atomic.Bool
}

type endpoint struct{ network, address string }

// NewProxy listens on a loopback port. network and server are the address of the server, such as "unix" and the Socket of
// a [Server].
func NewProxy(network, server string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener}
	p.Lead(network, server)
	p.open.Go(p.accept)
	return p, nil
}

// Port returns the port of the proxy.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Arm makes f happen to the next transaction.
func (p *Proxy) Arm(f Fault) { p.fault.Store(int32(f)) }

// Met reports whether the armed fault has happened.
func (p *Proxy) Met() bool { return Fault(p.fault.Load()) == Pass }

// Lead forwards new connections to another server. Existing connections stay.
func (p *Proxy) Lead(network, server string) { p.server.Store(&endpoint{network, server}) }

// Strand stops forwarding on the existing connections, but keeps them open until end is called. A client sees the same if
// its server's machine dies or is cut off.
func (p *Proxy) Strand() (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stranded := p.conns
	p.conns = nil
	for _, c := range stranded {
		c.stranded.Store(true)
	}
	return func() {
		for _, c := range stranded {
			c.close()
		}
	}
}

// Close refuses new connections, and waits until the existing ones have ended.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.open.Wait()
}

// takes reports whether f is armed, and disarms it.
func (p *Proxy) takes(f Fault) bool { return p.fault.CompareAndSwap(int32(f), int32(Pass)) }

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		to := p.server.Load()
		server, err := net.Dial(to.network, to.address)
		if err != nil {
			_ = client.Close()
			continue
		}
		c := &proxied{client: client, server: server}
		p.mu.Lock()
		p.conns = append(p.conns, c)
		p.mu.Unlock()
		var begun atomic.Bool
		p.open.Go(func() {
			c.carry(server, client, func([]byte) bool { return begun.Load() && p.takes(DropCommit) })
		})
		p.open.Go(func() {
			c.carry(client, server, func(answer []byte) bool {
				if bytes.Contains(answer, []byte("BEGIN\x00")) {
					begun.Store(Fault(p.fault.Load()) == DropCommit)
					return p.takes(DropAnswers)
				}
				return bytes.Contains(answer, []byte("COMMIT\x00")) && p.takes(DropReply)
			})
		})
	}
}

// carry copies data until one side ends or drop is true, then closes both. A stranded connection is not closed when its
// server ends.
func (c *proxied) carry(to, from net.Conn, drop func([]byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		switch stranded := c.stranded.Load(); {
		case stranded && err == nil:
			continue
		case stranded && from == c.server:
			return
		case err == nil && !drop(buffer[:n]):
			if _, err = to.Write(buffer[:n]); err == nil {
				continue
			}
		}
		c.close()
		return
	}
}

func (c *proxied) close() {
	_ = c.client.Close()
	_ = c.server.Close()
}
