package execaction

import (
	"bytes"
	"fmt"
)

// kept is how many bytes of an output are kept of its beginning, and of its end.
const kept = 32 << 10

// bounded keeps the beginning and the end of what is written.
type bounded struct {
	head, tail []byte
	left       int // how many bytes between them are lost
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), kept-len(b.head))
	b.head = append(b.head, p[:n]...)
	b.tail = append(b.tail, p[n:]...)
	if over := len(b.tail) - kept; over > kept { // seldom, so that little is moved
		b.left += over
		b.tail = append(b.tail[:0], b.tail[over:]...)
	}
	return len(p), nil
}

// String returns what was kept. The end begins with a whole line: half a line may be the half of a secret whose name is lost.
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
