package intake

import (
	"errors"
	"io"
)

var errTooDeep = errors.New("nested too deep")

// depthReader passes JSON through and fails at a nesting deeper than left levels. It counts the brackets outside of strings byte
// by byte, without recursion.
type depthReader struct {
	r             io.Reader
	left          int
	text, escaped bool
}

func (d *depthReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	for _, c := range p[:n] {
		switch {
		case d.escaped:
			d.escaped = false
		case d.text:
			d.text, d.escaped = c != '"', c == '\\'
		case c == '"':
			d.text = true
		case c == '}' || c == ']':
			d.left++
		case c == '{' || c == '[':
			if d.left--; d.left < 0 {
				return 0, errTooDeep
			}
		}
	}
	return n, err
}
