package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
)

// receive answers pages until ctx ends. What it has answered stands in its file, synced.
func receive(ctx context.Context, path string) error {
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
		m := &envelope.Data
		mu.Lock()
		defer mu.Unlock()
		_, err := fmt.Fprintf(file, "%d %s %s\n", time.Now().UnixMilli(), m.Key, m.Incident)
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
}

func deliveries(path string) ([]delivery, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []delivery
	for line := range strings.Lines(string(text)) {
		var ms int64
		var d delivery
		if _, err := fmt.Sscanf(line, "%d %s %s\n", &ms, &d.key, &d.incident); err != nil {
			return nil, fmt.Errorf("the receiver's line %q: %w", line, err)
		}
		d.at = time.UnixMilli(ms)
		list = append(list, d)
	}
	return list, nil
}
