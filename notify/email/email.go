package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/tocsin-dev/tocsin/notify"
)

// Security says how the connection to the server is encrypted.
type Security string

// The ways to encrypt.
const (
	StartTLS    Security = ""         // the connection begins in the clear, and must be encrypted before anything is sent
	ImplicitTLS Security = "implicit" // it is encrypted from the start
	NoTLS       Security = "none"     // it is not encrypted: for a server on the same machine
)

// Notifier sends each message as one mail, over a connection of its own. It is safe for concurrent use. Do not change its fields after the
// first use.
type Notifier struct {
	Host string // of the server. Required
	Port int    // 0: 587, with ImplicitTLS 465, with NoTLS 25
	// From is the sender, such as "Payments <bell@example.com>". Required.
	From string
	// To is the address for messages without an address. Empty: there is none, and such a message fails for good.
	To string
	// Username and Password log in, if Username is not empty. With NoTLS there is no login.
	Username string
	Password notify.Secret
	// TLS says how the connection is encrypted. Defaults to StartTLS.
	TLS Security
	// TLSConfig replaces the default, which trusts the certificates that the system trusts. Its ServerName defaults to Host.
	TLSConfig *tls.Config
}

var (
	_ notify.Notifier = (*Notifier)(nil)
	_ notify.Checker  = (*Notifier)(nil)
)

// Check returns the faults of the fields. It quotes no address and no password.
func (n *Notifier) Check() error {
	var errs []error
	fault := func(text string) { errs = append(errs, errors.New(text)) }
	if n.Host == "" || strings.ContainsAny(n.Host, " \t\r\n/:@") && net.ParseIP(n.Host) == nil {
		fault("Host is missing or malformed, expected a name such as smtp.example.com")
	}
	if n.Port < 0 || n.Port > 65535 {
		fault("Port " + strconv.Itoa(n.Port) + ", expected 1 to 65535, or 0 for the usual one")
	}
	if _, err := netmail.ParseAddress(n.From); err != nil {
		fault("From is missing or malformed, expected an address such as bell@example.com")
	}
	if _, err := netmail.ParseAddress(n.To); err != nil && n.To != "" {
		fault("To is malformed, expected an address such as oncall@example.com, or none")
	}
	switch n.TLS {
	case StartTLS, ImplicitTLS:
	case NoTLS:
		if n.Username != "" {
			fault("Username beside NoTLS, expected an encrypted connection: the password would be readable on the way")
		}
	default:
		fault("TLS " + strconv.Quote(string(n.TLS)) + ", expected StartTLS, ImplicitTLS or NoTLS")
	}
	if n.Username == "" && n.Password.Reveal() != "" {
		fault("Password without Username, expected both or none")
	}
	return errors.Join(errs...)
}

// Notify sends m as a mail to the address in To, or to n.To. The receipt is the Message-ID.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	to, err := netmail.ParseAddress(cmp.Or(m.To, n.To))
	if err != nil {
		return notify.Receipt{}, notify.Permanent(errors.New("the address is missing or malformed, expected one such as ana@example.com"))
	}
	from, err := netmail.ParseAddress(n.From)
	if err != nil {
		return notify.Receipt{}, notify.Permanent(errors.New("the address From is missing or malformed"))
	}
	out := compose(&m, from, to)
	err = n.deliver(ctx, out, from)
	switch {
	case out.IsDelivered(): // what failed after that is of no matter
		return notify.Receipt{ID: out.GetMessageID()}, nil
	case err == nil:
		err = errors.New("the mail was not taken")
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	return notify.Receipt{}, judged(err, n.Host)
}

// deliver sends a mail over a new connection, which ends with the context.
func (n *Notifier) deliver(ctx context.Context, out *mail.Msg, from *netmail.Address) error {
	done := make(chan struct{})
	defer close(done)
	c, err := mail.NewClient(n.Host, n.options(from, func(conn net.Conn) {
		go func() { // the library looks at the context only while it dials
			select {
			case <-ctx.Done():
				_ = conn.Close()
			case <-done:
			}
		}()
	})...)
	if err != nil {
		return notify.Permanent(errClient)
	}
	return c.DialAndSendWithContext(ctx, out)
}

// within bounds each step of the session.
const within = 15 * time.Second

// options says how to reach the server. opened is called with each connection.
func (n *Notifier) options(from *netmail.Address, opened func(net.Conn)) []mail.Option {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if n.TLSConfig != nil {
		config = n.TLSConfig.Clone()
	}
	config.ServerName = cmp.Or(config.ServerName, n.Host)
	policy, port := mail.TLSMandatory, 587
	switch n.TLS {
	case ImplicitTLS:
		policy, port = mail.NoTLS, 465
	case NoTLS:
		policy, port = mail.NoTLS, 25
	}
	list := []mail.Option{
		mail.WithPort(cmp.Or(n.Port, port)), mail.WithTLSPolicy(policy), mail.WithTLSConfig(config), mail.WithTimeout(within),
		mail.WithHELO(domain(from)), mail.WithoutNoop(),
		mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if opened(conn); n.TLS == ImplicitTLS {
				return tls.Client(conn, config), nil
			}
			return conn, nil
		}),
	}
	if n.Username != "" {
		list = append(list, mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin),
			mail.WithUsername(n.Username), mail.WithPassword(strings.TrimSpace(n.Password.Reveal())))
	}
	return list
}

// domain returns the part of an address behind the @.
func domain(a *netmail.Address) string { return a.Address[strings.LastIndexByte(a.Address, '@')+1:] }

// named says at which server an error came up.
func named(host string, err error) error { return fmt.Errorf("%s: %w", host, err) }
