package intake

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
)

const (
	maxSpool  = 2 << 20  // compressed bytes kept of a body of unknown length
	gzipExtra = 64 << 10 // bytes that gzip may add to an incompressible body
)

var errNoLength = errors.New("a body of this size needs a Content-Length and no Content-Encoding")

func identity(h http.Header) bool {
	encoding := h.Get("Content-Encoding")
	return encoding == "" || strings.EqualFold(encoding, "identity")
}

func gzipped(h http.Header) bool {
	encoding := h.Get("Content-Encoding")
	return strings.EqualFold(encoding, "gzip") || strings.EqualFold(encoding, "x-gzip")
}

func isJSON(h http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && mediaType == "application/json"
}

// receive returns the body of r limited in bytes, the capacity that it takes, and how many bytes of it. It has received a small
// body to its end, and the beginning of a large one.
func (g *gate) receive(w http.ResponseWriter, r *http.Request) (body io.Reader, of *capacity, size int64, err error) {
	limit, packed := g.MaxBody, gzipped(r.Header)
	if packed {
		limit += gzipExtra
	}
	switch {
	case r.ContentLength > limit:
		return nil, nil, 0, &http.MaxBytesError{Limit: g.MaxBody}
	case g.bodiless:
		return http.NoBody, g.small, 0, nil
	}
	body = http.MaxBytesReader(w, r.Body, limit)
	begin, err := io.ReadAll(io.LimitReader(body, smallBody+1))
	switch size = int64(len(begin)); {
	case err != nil:
		return nil, nil, 0, err
	case size <= smallBody && !packed:
		return bytes.NewReader(begin), g.small, size, nil
	}
	size = g.MaxBody
	if r.ContentLength > 0 && !packed {
		size = r.ContentLength
	}
	return io.MultiReader(bytes.NewReader(begin), body), g.large, size, nil
}

// unpack decompresses a large body. It reads a body of unknown length to its end.
func (g *gate) unpack(r *http.Request, body io.Reader) (io.Reader, error) {
	switch {
	case gzipped(r.Header):
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		return spool(&byteLimit{r: unpacked, left: g.MaxBody, limit: g.MaxBody})
	case r.ContentLength < 0:
		return spool(body)
	}
	return body, nil
}

// byteLimit fails beyond its limit with [http.MaxBytesError]. [http.MaxBytesReader] limits compressed bytes only.
type byteLimit struct {
	r           io.Reader
	left, limit int64
}

func (b *byteLimit) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &http.MaxBytesError{Limit: b.limit}
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, &http.MaxBytesError{Limit: b.limit}
	}
	return n, err
}

// spool reads body to its end in compressed form, then returns it from the beginning. Decoded JSON takes several times the
// memory of its text. With spool, a body that is found too large at its end has cost only its compressed size.
func spool(body io.Reader) (io.Reader, error) {
	var kept chunks
	buffer := bufio.NewWriterSize(&kept, 32<<10)
	packer, err := flate.NewWriter(buffer, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(packer, body); err != nil {
		return nil, err
	}
	if err := errors.Join(packer.Close(), buffer.Flush()); err != nil {
		return nil, err
	}
	return flate.NewReader(bufio.NewReader(&kept.list)), nil
}

// chunks stores each Write in a slice of its own. A single growing slice would take up to three times its size.
type chunks struct {
	list net.Buffers
	size int
}

func (k *chunks) Write(p []byte) (int, error) {
	if k.size += len(p); k.size > maxSpool {
		return 0, errNoLength
	}
	k.list = append(k.list, bytes.Clone(p))
	return len(p), nil
}
