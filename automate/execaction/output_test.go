package execaction

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBounded(t *testing.T) {
	write := func(texts ...string) string {
		var b bounded
		for _, text := range texts {
			n, err := b.Write([]byte(text))
			if err != nil || n != len(text) || len(b.head)+len(b.tail) > 3*kept {
				t.Fatalf("wrote %d of %d bytes, kept %d, error %v", n, len(text), len(b.head)+len(b.tail), err)
			}
		}
		return b.String()
	}
	half := strings.Repeat("a", kept)
	assert.Empty(t, write())
	assert.Equal(t, "ab", write("a", "b"))
	assert.Equal(t, half+half, write(half, half), "all of it, just so")
	assert.Equal(t, half+half, write(half+half))
	assert.Equal(t, half+"\n… 32769 bytes left out …\n", write(half+half+"a"), "no line of the end is whole")
	assert.Equal(t, half+"\n… 7 bytes left out …\n"+strings.Repeat("b", kept-6), write(half, "secret\n", strings.Repeat("b", kept-6)))

	var lines []string
	for i := range 20_000 {
		lines = append(lines, fmt.Sprintf("line %d\n", i))
	}
	text := write(lines...)
	assert.True(t, strings.HasPrefix(text, "line 0\nline 1\n"))
	assert.True(t, strings.HasSuffix(text, "\nline 19998\nline 19999\n"))
	head, rest, _ := strings.Cut(text, "\n… ")
	var left int
	fmt.Sscanf(rest, "%d bytes", &left)
	_, tail, _ := strings.Cut(rest, "…\n")
	assert.Equal(t, len(strings.Join(lines, "")), len(head)+left+len(tail))
	assert.True(t, strings.HasPrefix(tail, "line "))
}
