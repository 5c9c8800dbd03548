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
	"time"
)

const (
	maxSpool  = 2 << 20  // compressed bytes that are kept of a body whose length nobody knows beforehand
	gzipExtra = 64 << 10 // bytes by which gzip may make a body larger that does not compress
)

var errNoLength = errors.New("expected a Content-Length, and no Content-Encoding, of a body so large")

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

// open returns the body of r, decompressed and bounded in time and bytes.
func (g *gate) open(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	deadline := time.Now().Add(bodyTimeout)
	_ = http.NewResponseController(w).SetReadDeadline(deadline) // where w cannot, the server's own limits have to do
	limit := g.MaxBody
	if gzipped(r.Header) {
		limit += gzipExtra
	}
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: g.MaxBody}
	}
	body := http.MaxBytesReader(w, r.Body, limit)
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

// byteLimit fails behind its limit as [http.MaxBytesReader] does, for a stream that is not the request's body itself.
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

// spool reads body to its end and gives it out from its beginning. What is decoded takes several times the memory of its
// text, and what is compressed a small part: so a body that shows only at its end that it is too large costs little.
func spool(body io.Reader) (io.Reader, error) {
	var kept pieces
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

// pieces keeps what is written as it comes, since a slice that grows takes its size three times over.
type pieces struct {
	list net.Buffers
	size int
}

func (k *pieces) Write(p []byte) (int, error) {
	if k.size += len(p); k.size > maxSpool {
		return 0, errNoLength
	}
	k.list = append(k.list, bytes.Clone(p))
	return len(p), nil
}
