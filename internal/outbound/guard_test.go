package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
)

// spellings are hosts that lead to internal addresses, at least with some resolvers.
var spellings = []string{
	// plain loopback
	"127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "localhost", "LOCALHOST", "localhost.", "localhost.localdomain",
	"foo.localhost", "ip6-localhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]",
	// short, decimal, octal and hexadecimal
	"127.1", "127.0.1", "2130706433", "2130706433.", "017700000001", "0177.0.0.1", "0177.0.0.01", "0x7f000001", "0x7f.0.0.1",
	"0x7f.1", "0X7F.0X0.0X0.0X1", "127.0.0.01", "127.0.0.0x1", "00000177.0.0.1", "4294967297", "127.000.000.001",
	// unspecified
	"0.0.0.0", "0", "0x0", "0.0", "[::]", "[0:0:0:0:0:0:0:0]", "[::0.0.0.0]",
	// IPv4 inside IPv6
	"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "[::ffff:0:0]", "[::127.0.0.1]", "[::7f00:1]",
	"[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
	"[2002:7f00:1::1]", "[2001:0:7f00:1::80ff:fffe]", "[::ffff:0:127.0.0.1]", "[::ffff:169.254.169.254]",
	// zones and names of the local network
	"[fe80::1%25lo]", "[fe80::1]", "[::1%25lo]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
	// private, link-local, shared, benchmarking, reserved, broadcast, metadata of clouds
	"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "100.64.0.1",
	"100.100.100.200", "198.18.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "168.63.129.16", "203.0.113.1", "224.0.0.1",
	"240.0.0.1", "255.255.255.255", "[100::1]", "[2001:db8::1]", "[2001:2::1]", "[3fff::1]", "[5f00::1]",
	// names and tricks with names
	"metadata.google.internal", "127.0.0.1.nip.example", "user@127.0.0.1", "public.example@127.0.0.1", "a:b@[::1]",
	"public.example:80@127.0.0.1", "127.0.0.1#@public.example", "public.example\\@127.0.0.1", "①②⑦.⓪.⓪.①", "１２７.０.０.１",
	"127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "%6c%6f%63%61%6c%68%6f%73%74", "127.0.0.1%2e", "127%2e0%2e0%2e1", "xn--localhost", "rebind.example",
}

// spelled puts a host and a port into a URL. The port goes before the character that ends the authority.
func spelled(host, port string) string {
	if before, after, found := strings.Cut(host, "#"); found {
		return "http://" + before + ":" + port + "#" + after
	}
	return "http://" + host + ":" + port + "/"
}

// TestNoSpellingLeadsInside requests every spelling with the default client, while a resolver answers every name with
// loopback. A client without the check must reach the server by these spellings.
func TestNoSpellingLeadsInside(t *testing.T) {
	resolve(t, func() netip.Addr { return netip.MustParseAddr("127.0.0.1") })
	in := newInside(t)
	refused := 0
	for _, host := range spellings {
		var s Sender
		_, err := s.Post(t.Context(), nil, Request{URL: spelled(host, in.port)})
		require.Error(t, err, host)
		var r *refusedError
		if errors.As(err, &r) {
			refused++
			assert.True(t, notify.IsPermanent(err), host)
			assert.Contains(t, err.Error(), "expected a public address, or an http.Client of your own", host)
		}
	}
	assert.Zero(t, in.reached.Load(), "spellings that led inside")

	red := unguarded(t)
	for _, host := range spellings {
		var s Sender
		_, _ = s.Post(t.Context(), red, Request{URL: spelled(host, in.port)})
	}
	t.Logf("%d spellings: %d refused by address, the others by their form, 0 reached; without the check %d reached",
		len(spellings), refused, in.reached.Load())
	assert.GreaterOrEqual(t, len(spellings), 60)
	assert.Greater(t, refused, 60)
	assert.Greater(t, in.reached.Load(), int64(25), "spellings that lead inside without the check")
}

// TestRebinding lets a name resolve to a public address and to loopback in turn. A client that checks the name first and
// then dials by name must be fooled.
func TestRebinding(t *testing.T) {
	const tries = 1000
	var asked atomic.Int64
	resolve(t, func() netip.Addr {
		if asked.Add(1)%2 == 1 {
			return netip.MustParseAddr("93.184.215.14")
		}
		return netip.MustParseAddr("127.0.0.1")
	})
	in := newInside(t)
	url := "http://rebind.example.:" + in.port + "/"

	var public int
	errNoNetwork := errors.New("no network in tests")
	s := Sender{}
	s.once.Do(func() {
		s.client = prepare(guarded(func(ctx context.Context, network, address string, c syscall.RawConn) error {
			if err := publicOnly(ctx, network, address, c); err != nil {
				return err
			}
			public++
			return errNoNetwork
		}))
	})
	for range tries {
		_, err := s.Post(t.Context(), nil, Request{URL: url})
		require.Error(t, err)
	}
	assert.Zero(t, in.reached.Load(), "tries that led inside")
	assert.Equal(t, tries/2, public, "tries that found the public address")

	red := unguarded(t)
	for range tries {
		found, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip4", "rebind.example.")
		require.NoError(t, err)
		if refusal(found[0]) == "" {
			if resp, err := red.Get(url); err == nil {
				resp.Body.Close()
			}
		}
	}
	t.Logf("%d tries, 0 reached; of a client that looks before it dials %d reached", tries, in.reached.Load())
	assert.EqualValues(t, tries, in.reached.Load())
}

func TestRefusal(t *testing.T) {
	for address, want := range map[string]string{
		"93.184.215.14":            "",
		"1.1.1.1":                  "",
		"172.15.255.255":           "",
		"172.32.0.0":               "",
		"100.63.255.255":           "",
		"100.128.0.0":              "",
		"223.255.255.255":          "",
		"2606:4700:4700::1111":     "",
		"2a00:1450:4001:80e::200e": "",
		"64:ff9b::5db8:d70e":       "",
		"::ffff:93.184.215.14":     "",
		"127.0.0.1":                "loopback",
		"::ffff:127.0.0.1":         "loopback",
		"64:ff9b::7f00:1":          "loopback",
		"64:ff9b:1::5db8:d70e":     "not global unicast",
		"::1":                      "not global unicast",
		"fe80::1%eth0":             "link-local",
		"fd00::1":                  "not global unicast",
		"2001:0:1::":               "protocol assignments",
		"2002:5db8:d70e::1":        "6to4",
	} {
		assert.Equal(t, want, refusal(netip.MustParseAddr(address)), address)
	}
}

func TestDefaultClient(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	client := prepare(nil)
	transport := client.Transport.(*http.Transport)
	assert.Nil(t, transport.Proxy, "the environment chooses no proxy")
	assert.Equal(t, timeout, client.Timeout)
	assert.EqualValues(t, 64<<10, transport.MaxResponseHeaderBytes)
	assert.Equal(t, http.ErrUseLastResponse, client.CheckRedirect(nil, nil))
}
