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
	network, server string
	listener        net.Listener
	fault           atomic.Int32
	open            sync.WaitGroup
}

// NewProxy listens on a port of the loopback for a server, as on the unix socket of a [Server].
func NewProxy(network, server string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{network: network, server: server, listener: listener}
	p.open.Go(p.accept)
	return p, nil
}

// Port is where clients find the proxy.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Arm lets a fault happen to the next transaction.
func (p *Proxy) Arm(f Fault) { p.fault.Store(int32(f)) }

// Met reports whether the fault has happened since it was armed.
func (p *Proxy) Met() bool { return Fault(p.fault.Load()) == Pass }

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
		server, err := net.Dial(p.network, p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		var begun atomic.Bool
		p.open.Go(func() {
			carry(server, client, func([]byte) bool { return begun.Load() && p.takes(DropCommit) })
		})
		p.open.Go(func() {
			carry(client, server, func(answer []byte) bool {
				if bytes.Contains(answer, []byte("BEGIN\x00")) {
					begun.Store(Fault(p.fault.Load()) == DropCommit)
					return p.takes(DropAnswers)
				}
				return bytes.Contains(answer, []byte("COMMIT\x00")) && p.takes(DropReply)
			})
		})
	}
}

// carry copies until one side ends, or what came must be dropped; then it closes both.
func carry(to, from net.Conn, drop func([]byte) bool) {
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
