package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/respond"
)

// viewer is a person as the login of the shop vouches for it. Everybody in this story may approve.
func viewer(person escalate.PersonID) respond.Viewer {
	return respond.Viewer{Person: person, Grants: []string{respond.GrantApprove}}
}

// whoLooks is cho, who commands.
func whoLooks(*http.Request) (respond.Viewer, bool) { return viewer("cho"), true }

// verdict is the heading of the dashboard.
func (s *shop) verdict() string {
	if s.bell == nil {
		return "(no answer)"
	}
	w := httptest.NewRecorder()
	s.board.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/verdict.txt", http.NoBody))
	return strings.TrimSpace(w.Body.String())
}

// look serves the dashboard until somebody presses Enter. The time stands still as long as a goroutine waits for the network.
func (s *shop) look(address string, enter *bufio.Reader) error {
	if s.bell == nil {
		return nil
	}
	at, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.board, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(at) }()
	fmt.Fprintf(s.out, "          look at http://%s/ and press Enter\n", at.Addr())
	_, err = enter.ReadString('\n')
	err = errors.Join(err, server.Close())
	if ended := <-done; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
