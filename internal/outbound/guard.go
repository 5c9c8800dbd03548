package outbound

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	timeout   = 10 * time.Second // of one request of the default client
	maxAnswer = 64 << 10         // bytes that are read of an answer
)

// guarded returns the default client. The dialer calls check with the resolved address that it is about to connect to. So
// neither the spelling of a host nor DNS rebinding can bypass the check.
func guarded(check func(ctx context.Context, network, address string, c syscall.RawConn) error) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, ControlContext: check}
	return &http.Client{Timeout: timeout, Transport: &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true, // a custom DialContext turns it off
		TLSHandshakeTimeout:    timeout,
		IdleConnTimeout:        time.Minute,
		MaxIdleConns:           16,
		MaxResponseHeaderBytes: maxAnswer,
	}}
}

// refusedError means that the default client does not connect to an address.
type refusedError struct{ address, kind string }

func (e *refusedError) Error() string {
	return fmt.Sprintf("%s is refused (%s), expected a public address, or an http.Client of your own to reach it", e.address, e.kind)
}

// publicOnly returns an error for an address that is not public.
func publicOnly(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return &refusedError{"the address", "no IP address"}
	}
	if kind := refusal(to.Addr()); kind != "" {
		return &refusedError{to.Addr().String(), kind}
	}
	return nil
}

// special lists prefixes that no public host has: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
var special = []struct {
	prefix netip.Prefix
	kind   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this host"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "host of a virtual machine in Azure"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignments"}, // includes Teredo, which embeds any IPv4 address
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"}, // embeds any IPv4 address
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
}

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	nat64         = netip.MustParsePrefix("64:ff9b::/96")
)

// refusal returns the kind of a refused address, or "" for a public one. IPv6 addresses must be global unicast. For
// addresses in the well-known NAT64 prefix the embedded IPv4 address counts; a network's own NAT64 prefix cannot be
// known.
func refusal(addr netip.Addr) string {
	if addr.Zone() != "" {
		return "link-local"
	}
	addr = addr.Unmap()
	if nat64.Contains(addr) {
		last := addr.As16()
		addr = netip.AddrFrom4([4]byte(last[12:]))
	}
	for _, s := range special {
		if s.prefix.Contains(addr) {
			return s.kind
		}
	}
	if addr.Is6() && !globalUnicast.Contains(addr) {
		return "not global unicast"
	}
	return ""
}
