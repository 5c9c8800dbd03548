package outbound

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// resolve makes the process's resolver answer every name with an IPv4 address from answer, until the test ends.
func resolve(t *testing.T, answer func() netip.Addr) {
	t.Helper()
	was := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = was })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go serveDNS(theirs, answer)
		return ours, nil
	}}
}

// serveDNS speaks a minimum of DNS (RFC 1035) over a stream: one address for a question of type A, no records for any
// other.
func serveDNS(conn net.Conn, answer func() netip.Addr) {
	defer conn.Close()
	for {
		var length uint16
		if binary.Read(conn, binary.BigEndian, &length) != nil {
			return
		}
		query := make([]byte, length)
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		end := 12 // end of the header
		for query[end] != 0 {
			end += int(query[end]) + 1
		}
		question := query[12 : end+5]
		reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
		if binary.BigEndian.Uint16(query[end+1:]) == 1 {
			reply[7] = 1
			address := answer().As4()
			reply = append(append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), address[:]...)
		}
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
	}
}

// inside is a server on the IPv4 and IPv6 loopback addresses, if both exist. It counts requests.
type inside struct {
	port    string
	reached atomic.Int64
}

func newInside(t *testing.T) *inside {
	t.Helper()
	in := &inside{}
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { in.reached.Add(1) })
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	var err error
	_, in.port, err = net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	if l, err := net.Listen("tcp", "[::1]:"+in.port); err == nil {
		second := &http.Server{Handler: handler}
		go second.Serve(l)
		t.Cleanup(func() { second.Close() })
	}
	return in
}

// loopbackOnly keeps a client without the check from connecting to other machines.
func loopbackOnly(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if addr := to.Addr().Unmap(); err != nil || !addr.IsLoopback() && !addr.IsUnspecified() {
		return &refusedError{address, "not on this machine"}
	}
	return nil
}

// unguarded returns a client with the default transport of net/http.
func unguarded(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{ControlContext: loopbackOnly}).DialContext}
	return &http.Client{Transport: transport}
}
