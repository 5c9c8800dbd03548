package main

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// trial is a run with one engine at a time.
type trial struct {
	scene

	mu       sync.Mutex
	accepted map[int]time.Time
	next     int // number of the next event
	kill     int // number of kills
	crash    int
}

func (t *trial) run(ctx context.Context) (*findings, error) {
	defer t.close()
	if err := t.open(ctx); err != nil {
		return nil, err
	}
	for t.kill < t.kills || t.crash < t.crashes {
		if err := t.round(ctx); err != nil {
			return nil, err
		}
	}
	return t.settle(ctx)
}

func (t *trial) engine(ctx context.Context) (*child, error) {
	return t.start(ctx, "engine", "-at", t.at, "-waits", "12h") // a wait of 12 h, so only the first level fires
}

// round runs an engine for a short time under load, until the engine or its database is killed.
func (t *trial) round(ctx context.Context) error {
	e, err := t.engine(ctx)
	if err != nil {
		return err
	}
	defer e.end()
	read := t.listen(e)
	crashes := t.server != nil && t.rng.IntN(t.kills+t.crashes) < t.crashes && t.crash < t.crashes || t.kill >= t.kills
	stop := time.Now().Add(time.Duration(10+t.rng.IntN(300)) * time.Millisecond)
	for time.Now().Before(stop) {
		t.feed(e)
		time.Sleep(time.Duration(t.rng.IntN(3)) * time.Millisecond)
	}
	if crashes {
		t.crash++
		t.server.Crash()
		time.Sleep(time.Duration(t.rng.IntN(300)) * time.Millisecond)
		if err := t.server.Restart(); err != nil {
			return err
		}
		for range 20 { // the engine must recover by itself
			t.feed(e)
			time.Sleep(10 * time.Millisecond)
		}
	}
	t.kill++
	e.end()
	<-read
	return ctx.Err()
}

// feed sends the next event to the engine.
func (t *trial) feed(e *child) {
	e.give(order{id: strconv.Itoa(t.next), verb: fire, number: t.next, sent: time.Now().UnixNano()})
	t.next++
}

// listen records the accepted events that the engine prints, until the engine ends.
func (t *trial) listen(e *child) (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		for e.out.Scan() {
			id, _ := readOutcome(e.out.Text())
			if n, err := strconv.Atoi(id); err == nil {
				t.mu.Lock()
				t.accepted[n] = time.Now()
				t.mu.Unlock()
			}
		}
	}()
	return ended
}
