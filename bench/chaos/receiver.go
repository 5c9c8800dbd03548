package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
)

// receive answers pages until ctx ends, and syncs each to its file before it answers. With slow it delays answers by up
// to that time, and refuses one page in 32 at first.
func receive(ctx context.Context, path string, slow time.Duration) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var mu sync.Mutex
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var envelope struct{ Data notify.Message }
		if err := json.NewDecoder(r.Body).Decode(&envelope); err != nil || envelope.Data.Key == "" {
			http.Error(w, "expected a message with a key", http.StatusBadRequest)
			return
		}
		if slow > 0 {
			if rand.IntN(32) == 0 {
				http.Error(w, "not now", http.StatusServiceUnavailable)
				return
			}
			defer time.Sleep(rand.N(slow)) // the page is stored, but its sender does not know yet
		}
		mu.Lock()
		defer mu.Unlock()
		_, err := fmt.Fprint(file, linesOf(time.Now(), &envelope.Data))
		if err := errors.Join(err, file.Sync()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})}
	fmt.Println("http://" + listener.Addr().String())
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// delivery is a line of the receiver's file.
type delivery struct {
	at            time.Time
	key, incident string
	seq           uint64 // among the messages of the incident
	kind          notify.Kind
	round, level  int
	to            string
}

// linesOf returns a line for each page that a message holds, or for the message.
func linesOf(at time.Time, m *notify.Message) (lines string) {
	list := m.Pages
	if len(list) == 0 {
		list = []notify.PageOf{{Key: m.Key, Incident: m.Incident, Seq: m.Seq, Round: m.Round, Level: m.Level}}
	}
	for _, p := range list {
		lines += fmt.Sprintf("%d %s %s %d %s %d %d %s\n", at.UnixMilli(), p.Key, p.Incident, p.Seq, m.Kind, p.Round, p.Level, m.To)
	}
	return lines
}

func deliveries(path string) ([]delivery, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []delivery
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // the line is still being written
		}
		var ms int64
		var d delivery
		if _, err := fmt.Sscan(line, &ms, &d.key, &d.incident, &d.seq, &d.kind, &d.round, &d.level, &d.to); err != nil {
			return nil, fmt.Errorf("the receiver's line %q: %w", line, err)
		}
		d.at = time.UnixMilli(ms)
		list = append(list, d)
	}
	return list, nil
}
