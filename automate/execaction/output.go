package execaction

import (
	"bytes"
	"fmt"
)

// kept is the number of bytes kept at the beginning and at the end of an output.
const kept = 32 << 10

// bounded is a writer that keeps the beginning and the end of its input.
type bounded struct {
	head, tail []byte
	left       int // bytes dropped between head and tail
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), kept-len(b.head))
	b.head = append(b.head, p[:n]...)
	b.tail = append(b.tail, p[n:]...)
	if over := len(b.tail) - kept; over > kept { // only when tail is full twice, to copy less often
		b.left += over
		b.tail = append(b.tail[:0], b.tail[over:]...)
	}
	return len(p), nil
}

// String returns the kept bytes. The end starts at a line start: in half a line, redaction might miss a secret whose name was
// dropped.
func (b *bounded) String() string {
	tail, left := b.tail, b.left
	if over := len(tail) - kept; over > 0 {
		tail, left = tail[over:], left+over
	}
	if left == 0 {
		return string(b.head) + string(tail)
	}
	line := bytes.IndexByte(tail, '\n') + 1
	if line == 0 {
		line = len(tail)
	}
	return fmt.Sprintf("%s\n… %d bytes left out …\n%s", b.head, left+line, tail[line:])
}
