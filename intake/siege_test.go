package intake_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// siege opens connections to addr from another address than that of the senders, and counts those that the server has closed.
type siege struct {
	t       *testing.T
	conns   []net.Conn
	readers sync.WaitGroup
	mu      sync.Mutex
	closed  int
	change  chan struct{} // has room for one
}

func besiege(t *testing.T, addr string) *siege {
	s := &siege{t: t, change: make(chan struct{}, 1)}
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for i := range 550 {
		conn, err := from.DialContext(t.Context(), "tcp", addr)
		if !assert.NoError(t, err) {
			break
		}
		s.conns = append(s.conns, conn)
		s.readers.Go(func() {
			_, _ = io.Copy(io.Discard, conn)
			s.mu.Lock()
			s.closed++
			s.mu.Unlock()
			select {
			case s.change <- struct{}{}:
			default:
			}
		})
		_, _ = io.WriteString(conn, []string{ // the server may have closed it already
			"", "", "", "",
			"POST / HTTP/1.1\r\nHo",
			get,
			"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
			"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
			begun,
			strings.Replace(begun, "1000", "9000000", 1),
		}[i%10])
	}
	return s
}

func (s *siege) end() {
	for _, c := range s.conns {
		c.Close()
	}
	s.readers.Wait()
}

// wait waits until the server has closed n connections, and returns their number.
func (s *siege) wait(n int) int {
	for {
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		if closed >= n {
			return closed
		}
		select {
		case <-s.change:
		case <-s.t.Context().Done():
			s.t.Fatal(closed, "connections are closed, expected", n)
		}
	}
}

const important = `
version: 1
defaults: {owner: shop, plan: loud}
people: {ana: {contacts: [pager:ana]}}
teams: {shop: {members: [ana]}}
services: {shop: {owner: shop, tier: 1}}
classes: {shop.*: {service: shop}}
plans: {loud: {policy: loud}}
policies: {loud: {levels: [{page: [owner], wait: 1h}]}}
`

// TestRow50: 550 connections without a whole request, against room for 128. Every P1 is stored and paged, meanwhile and afterwards.
func TestRow50(t *testing.T) {
	if probe, err := net.Listen("tcp", "127.0.0.2:0"); err != nil {
		t.Skip("SKIPPED, not tested: a siege, because there is no second address of this host:", err)
	} else {
		probe.Close()
	}
	rules, err := catalog.Load(fstest.MapFS{"catalog.yaml": {Data: []byte(important)}})
	require.NoError(t, err)
	paged := make(chan notify.Message, 1_000)
	engine, err := tocsin.New(&tocsin.Config{
		Service: "hub", Catalog: rules,
		Notifiers: map[string]notify.Notifier{"pager": notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			paged <- m
			return notify.Receipt{}, nil
		})},
	})
	require.NoError(t, err)
	running, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- engine.Run(running) }()
	mux := http.NewServeMux()
	mux.Handle("/{$}", intake.Alertmanager(engine, &intake.Endpoint{Name: "prod", Bearer: []string{secret}}))
	mux.Handle("/events", intake.CloudEvents(engine, &intake.Endpoint{Name: "apps", Bearer: []string{secret}}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := intake.Server(mux, 128)
	server.ReadHeaderTimeout, server.ReadTimeout, server.IdleTimeout = time.Hour, time.Hour, time.Hour // only lack of room closes them
	go server.Serve(listener)
	defer server.Close()

	const each, p1s = 50, 8
	sent := 0
	post := func() {
		sent++
		level := "info"
		if sent%(2*each/p1s) == 0 {
			level = "critical"
		}
		body := structured(map[string]any{"id": fmt.Sprint(sent), "type": fmt.Sprintf("shop.order-%d", sent), "severity": level})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String()+"/events", strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/cloudevents+json")
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Close = true
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err, "request %d", sent)
		resp.Body.Close()
		require.Equal(t, http.StatusAccepted, resp.StatusCode)
	}
	var crowd *siege
	began := make(chan struct{})
	go func() {
		defer close(began)
		crowd = besiege(t, listener.Addr().String())
	}()
	for range each {
		post()
	}
	<-began
	closed := crowd.wait(550 - 128)
	for range each {
		post()
	}

	paging := make(map[string]bool)
	for len(paging) < p1s {
		m := <-paged
		require.Equal(t, severity.P1, m.Priority)
		paging[m.Incident] = true
	}
	stop()
	require.NoError(t, <-done)
	crowd.end()
	require.NoError(t, server.Shutdown(t.Context()), "all connections end")
	t.Logf("%d requests answered 202, %d P1 paged; %d of 550 connections closed to make room", sent, len(paging), closed)
}
