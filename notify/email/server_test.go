package email_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/email"
)

const password = "s3cret-of-the-relay"

// server is a mail server on loopback. What it says to a recipient stands in refuse; taken are the mails that it took.
type server struct {
	*smtp.Server
	port   int
	roots  *x509.CertPool
	refuse func(to string) error
	data   func(doc []byte, gone <-chan struct{}) error

	mu    sync.Mutex
	taken []mailed
}

type mailed struct {
	from, to, login string
	encrypted       bool
	doc             string
	head            netmail.Header
	body            string
}

// start starts a server. edit may change it before.
func start(t testing.TB, edit func(*server)) *server {
	s := &server{roots: x509.NewCertPool()}
	s.Server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	s.Domain, s.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate(t, s.roots)}}
	if edit != nil {
		edit(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.port = l.Addr().(*net.TCPAddr).Port
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	return s
}

func certificate(t testing.TB, roots *x509.CertPool) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	doc, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(doc)
	require.NoError(t, err)
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{doc}, PrivateKey: key}
}

// notifier returns one that sends through the server.
func (s *server) notifier() *email.Notifier {
	return &email.Notifier{
		Host: "localhost", Port: s.port, From: "Payments <bell@shop.example>", TLSConfig: &tls.Config{RootCAs: s.roots},
		Username: "bell", Password: notify.NewSecret(password),
	}
}

func (s *server) mails() []mailed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

type session struct {
	*server
	conn            *smtp.Conn
	from, to, login string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if pass != password {
			return smtp.ErrAuthFailed
		}
		s.login = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if s.refuse != nil {
		return s.refuse(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	doc, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.data != nil {
		if err := s.data(doc, nil); err != nil {
			return err
		}
	}
	m := mailed{from: s.from, to: s.to, login: s.login, doc: string(doc)}
	_, m.encrypted = s.conn.TLSConnectionState()
	read, err := netmail.ReadMessage(strings.NewReader(m.doc))
	if err != nil {
		return err
	}
	m.head, m.body = read.Header, decoded(read)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, m)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// answer is what the server says in place of "250 OK".
func answer(code int, enhanced smtp.EnhancedCode) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "T0Csaid of ana@shop.example, with " + password}
}
