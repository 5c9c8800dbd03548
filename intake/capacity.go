package intake

import (
	"errors"
	"io"
	"runtime"
	"sync"
)

const (
	smallBody = 64 << 10 // bytes of a body that is received before it takes a place
	maxSmall  = 128      // small bodies in work
	maxLarge  = 16       // large bodies in work, of at most four times MaxBody together
)

var errBusy = errors.New("too many bodies at the same time")

// capacity bounds the bodies of one kind that a gate works on at the same time. Small bodies have a capacity of their own, because
// the priority of an event is unknown before its body is decoded.
type capacity struct {
	turns     chan struct{} // one for each body that is being decoded
	maxBodies int
	maxBytes  int64

	mu     sync.Mutex
	bodies int
	bytes  int64
}

// small and large return the capacity for the bodies of a gate. Decoding of large bodies leaves one processor to others.
func small() *capacity {
	return &capacity{turns: make(chan struct{}, runtime.GOMAXPROCS(0)), maxBodies: maxSmall, maxBytes: maxSmall * smallBody}
}

func large(maxBody int64) *capacity {
	return &capacity{turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)), maxBodies: maxLarge, maxBytes: 4 * maxBody}
}

// enter takes a place for a body of at most size bytes. It reports whether there was one.
func (c *capacity) enter(size int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bodies == c.maxBodies || c.bytes+size > c.maxBytes {
		return false
	}
	c.bodies++
	c.bytes += size
	return true
}

func (c *capacity) leave(size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies--
	c.bytes -= size
}

// inTurn calls decode when there is a turn. Each Read of the body lets others have the turn: the sender may be slow, and the body
// long.
func (c *capacity) inTurn(body io.Reader, decode func(io.Reader) error) error {
	c.turns <- struct{}{}
	defer func() { <-c.turns }()
	return decode(&yielding{body, c.turns})
}

type yielding struct {
	io.Reader
	turns chan struct{}
}

func (y *yielding) Read(p []byte) (int, error) {
	<-y.turns
	defer func() { y.turns <- struct{}{} }()
	return y.Reader.Read(p)
}
