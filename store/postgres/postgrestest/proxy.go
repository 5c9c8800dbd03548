package postgrestest

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
)

// Fault is what a Proxy does to the next transaction.
type Fault int32

// The faults. Each happens once.
const (
	Pass        Fault = iota
	DropCommit        // it never reaches the server
	DropReply         // the server commits, and nobody hears of it
	DropAnswers       // even of the first trip
)

// Proxy stands between clients and a server, and cuts their connections at the worst moment. It reads what passes, so the
// connections must not be encrypted.
type Proxy struct {
	server   atomic.Pointer[endpoint] // of the next connection
	listener net.Listener
	fault    atomic.Int32
	open     sync.WaitGroup

	mu    sync.Mutex // guards what is below
	conns []*proxied // that were not stranded
}

// proxied is a connection of a client, and the one to the server behind it.
type proxied struct {
	client, server net.Conn
	stranded       atomic.Bool
}

type endpoint struct{ network, address string }

// NewProxy listens on a port of the loopback for a server, as on the unix socket of a [Server].
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

// Port is where clients find the proxy.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Arm lets a fault happen to the next transaction.
func (p *Proxy) Arm(f Fault) { p.fault.Store(int32(f)) }

// Met reports whether the fault has happened since it was armed.
func (p *Proxy) Met() bool { return Fault(p.fault.Load()) == Pass }

// Lead lets connections lead to another server from now on. Those there are stay with theirs.
func (p *Proxy) Lead(network, server string) { p.server.Store(&endpoint{network, server}) }

// Strand lets nothing more through on the connections there are, and keeps them open, until end is called: so it is for a client
// whose server's machine has died, or is cut off.
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

// Close takes no more connections, and waits until those there are have ended.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.open.Wait()
}

// takes reports whether the fault is the one, and lets it happen only once.
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

// carry copies until one side ends, or what came must be dropped; then it closes both. Of the end of a server a stranded
// client does not hear.
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
