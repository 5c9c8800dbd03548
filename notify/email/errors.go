package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/tocsin-dev/tocsin/notify"
)

var (
	errClient   = errors.New("the fields of the notifier are not valid, see Check")
	errSession  = errors.New("the session failed")
	errStartTLS = errors.New("the server offers no STARTTLS, so nothing was sent")
	errLogin    = errors.New("the server offers no login that can be used")
)

// badLogin is the answer to credentials that are not valid (RFC 4954).
const badLogin = 535

// grey is how long a server lets a recipient wait that it refuses for now. It keeps an answer about one address from counting as a fault of
// the server.
const grey = time.Minute

// judged returns the error of a try as the engine judges it: permanent or not, and without a text of the server or an address.
func judged(err error, host string) error {
	var sent *mail.SendError
	var said *textproto.Error
	switch {
	case errors.As(err, &sent) && sent.ErrorCode() >= 500:
		return notify.Permanent(named(host, answered(sent)))
	case errors.As(err, &sent) && sent.ErrorCode() >= 400 && sent.Reason == mail.ErrSMTPRcptTo:
		return notify.RetryAfter(named(host, answered(sent)), grey)
	case errors.As(err, &sent) && sent.ErrorCode() >= 400:
		return named(host, answered(sent))
	case errors.As(err, &said) && said.Code == badLogin:
		return notify.Permanent(named(host, fmt.Errorf("SMTP status %d: the login was refused", said.Code)))
	case errors.As(err, &said):
		return named(host, fmt.Errorf("SMTP status %d before the mail was sent", said.Code))
	}
	return named(host, public(err))
}

// answered says what the server answered, and to what.
func answered(e *mail.SendError) error {
	to := "the mail"
	switch e.Reason {
	case mail.ErrSMTPMailFrom:
		to = "the sender"
	case mail.ErrSMTPRcptTo:
		to = "the recipient"
	}
	code := fmt.Sprintf("%d %s", e.ErrorCode(), e.EnhancedStatusCode())
	return fmt.Errorf("SMTP status %s for %s", strings.TrimSpace(code), to)
}

// public returns the part of err that may be shown.
func public(err error) error {
	var op *net.OpError
	var call *os.SyscallError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &name):
		return name
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &op) && (errors.As(op.Err, &call) || op.Timeout() || op.Op == "remote error"):
		return op
	case strings.Contains(err.Error(), "does not support STARTTLS"): // the library has no value for it
		return errStartTLS
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(err.Error(), "does not support SMTP AUTH"):
		return errLogin
	}
	for _, known := range [...]error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, errClient} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errSession
}
