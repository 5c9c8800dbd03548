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

// publicPart finds in err what may be shown. What it does not know it hides, since net/http quotes the URL, and in its
// complaints about an answer whatever the other side sent.
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

// plain reports whether the cause of op is a word of the system or of TLS, and not one of a proxy.
func plain(op *net.OpError) bool {
	var call *os.SyscallError
	return errors.As(op.Err, &call) || op.Timeout() || op.Op == "remote error"
}
