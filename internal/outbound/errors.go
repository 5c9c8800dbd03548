package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
)

var (
	errRequest = errors.New("the request failed")
	errPanic   = errors.New("the client panicked")
)

// publicPart returns the part of err that may be shown. It returns errRequest for an unknown error: net/http quotes the
// URL, and parts of a malformed answer, in its errors.
func publicPart(err error) error {
	var op *net.OpError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &op) && plain(op):
		return op
	case errors.As(err, &name):
		return name
	case errors.As(err, &certificate):
		return certificate
	}
	for _, known := range [...]error{
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, http.ErrSchemeMismatch, errPanic,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errRequest
}

// plain reports whether op was caused by a system call, a timeout or a TLS alert. The text of any other cause may come
// from a proxy.
func plain(op *net.OpError) bool {
	var call *os.SyscallError
	return errors.As(op.Err, &call) || op.Timeout() || op.Op == "remote error"
}
