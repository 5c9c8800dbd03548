package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
)

// secret is the signing secret of engine and receiver. It is constant, because it protects nothing here.
const secret = "whsec_dG9jc2luLXF1aWNrc3RhcnQtc2VjcmV0LTE="

// receiver is the endpoint for pages. It refuses a request without a valid signature.
type receiver struct {
	*server
	messages chan notify.Message
	received atomic.Int64
}

func newReceiver() (*receiver, error) {
	r := &receiver{messages: make(chan notify.Message, 16)}
	var err error
	r.server, err = listen(r)
	return r, err
}

// ServeHTTP accepts one signed message.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if err := webhook.Verify(secret, req.Header, body, time.Now()); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var envelope struct{ Data notify.Message }
	if err := json.Unmarshal(body, &envelope); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.received.Add(1)
	r.messages <- envelope.Data
}

func (r *receiver) count() int64 { return r.received.Load() }

// next waits for a message of the kind to the person. A message of another kind is an error. All-clears may come in any order.
func (r *receiver) next(ctx context.Context, kind notify.Kind, person string) (notify.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	for {
		select {
		case m := <-r.messages:
			switch {
			case m.Kind != kind:
				return m, fmt.Errorf("received a %s to %s, expected a %s to %s", m.Kind, m.Person, kind, person)
			case m.Person == person:
				return m, nil
			case kind == notify.AllClear:
				r.messages <- m
			default:
				return m, fmt.Errorf("received a %s to %s, expected it to %s", m.Kind, m.Person, person)
			}
		case <-ctx.Done():
			return notify.Message{}, fmt.Errorf("no %s to %s: %w", kind, person, ctx.Err())
		}
	}
}
