package email_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/email"
	"github.com/tocsin-dev/tocsin/notify/notifytest"
	"github.com/tocsin-dev/tocsin/severity"
)

func decoded(m *netmail.Message) string {
	body, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

func page() notify.Message {
	return notify.Message{
		Key: "INC-7-1-0", Kind: notify.Page, Channel: "mail", To: "ana@shop.example", Incident: "INC-7", Priority: severity.P1,
		Title: "P1 Auszahlungen hängen", Text: "Seit 12:00 UTC", Why: "high × high", Ack: "https://bell.example/a/tcn_" + strings.Repeat("x", 120),
		Links: []event.Link{{Text: "Graph", URL: "https://graph.example/d/1"}}, At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
	}
}

// TestAMail: a page leaves encrypted, with a login, as plain text that holds the whole link.
func TestAMail(t *testing.T) {
	for _, how := range []email.Security{email.StartTLS, email.NoTLS} {
		t.Run("security "+string(how), func(t *testing.T) {
			s := start(t, nil)
			n := s.notifier()
			if n.TLS = how; how == email.NoTLS {
				n.Username, n.Password = "", notify.Secret{}
			}
			require.NoError(t, n.Check())
			r, err := n.Notify(t.Context(), page())
			require.NoError(t, err)
			require.Len(t, s.mails(), 1)
			m := s.mails()[0]
			assert.Equal(t, how == email.StartTLS, m.encrypted)
			assert.Equal(t, map[bool]string{true: "bell"}[m.encrypted], m.login)
			assert.Equal(t, []string{"bell@shop.example", "ana@shop.example"}, []string{m.from, m.to})
			subject, err := new(mime.WordDecoder).DecodeHeader(m.head.Get("Subject"))
			require.NoError(t, err)
			assert.Equal(t, "P1 Auszahlungen hängen", subject)
			assert.Equal(t, "Seit 12:00 UTC\nhigh × high\nAcknowledge: "+page().Ack+"\nGraph: https://graph.example/d/1\n", m.body)
			assert.Equal(t, "<"+strings.Trim(r.ID, "<>")+">", m.head.Get("Message-ID"))
			assert.Equal(t, "auto-generated", m.head.Get("Auto-Submitted"))
			assert.Equal(t, "Mon, 02 Mar 2026 12:00:00 +0000", m.head.Get("Date"))
			assert.Empty(t, m.head.Get("List-Unsubscribe"))
			assert.NotContains(t, m.doc, "INC-7")
		})
	}
}

// TestImplicitTLS: the connection is encrypted before the greeting, and the login goes through it.
func TestImplicitTLS(t *testing.T) {
	s := start(t, nil)
	l, err := tls.Listen("tcp", "127.0.0.1:0", s.TLSConfig)
	require.NoError(t, err)
	go func() { _ = s.Serve(l) }() // ends with the server
	n := s.notifier()
	n.TLS, n.Port = email.ImplicitTLS, l.Addr().(*net.TCPAddr).Port
	_, err = n.Notify(t.Context(), page())
	require.NoError(t, err)
	require.Len(t, s.mails(), 1)
	assert.Equal(t, "bell", s.mails()[0].login)
}

// TestThreads: tries of one message have one Message-ID, and the mails about one incident refer to one mail that was never sent.
func TestThreads(t *testing.T) {
	s := start(t, nil)
	n := s.notifier()
	other := page()
	other.Key = "INC-7-2-0"
	elsewhere := page()
	elsewhere.Key, elsewhere.Incident = "INC-8-1-0", "INC-8"
	for _, m := range []notify.Message{page(), page(), other, elsewhere} {
		_, err := n.Notify(t.Context(), m)
		require.NoError(t, err)
	}
	var ids, roots []string
	for _, m := range s.mails() {
		ids, roots = append(ids, m.head.Get("Message-ID")), append(roots, m.head.Get("References"))
		assert.Equal(t, m.head.Get("In-Reply-To"), m.head.Get("References"))
	}
	assert.Equal(t, ids[0], ids[1])
	assert.NotEqual(t, ids[0], ids[2])
	assert.Equal(t, roots[0], roots[2])
	assert.NotEqual(t, roots[0], roots[3])
	assert.NotContains(t, ids, roots[0])
}

// TestUnsubscribe: the link of a message stands in both headers of RFC 8058, one that is not https in none.
func TestUnsubscribe(t *testing.T) {
	s := start(t, nil)
	for _, link := range []string{"https://bell.example/unsubscribe/tcn_abc", "http://bell.example/unsubscribe/tcn_abc", "https://x.example/>,<b"} {
		m := page()
		m.Unsubscribe = link
		_, err := s.notifier().Notify(t.Context(), m)
		require.NoError(t, err)
	}
	head := s.mails()[0].head
	assert.Equal(t, "<https://bell.example/unsubscribe/tcn_abc>", head.Get("List-Unsubscribe"))
	assert.Equal(t, "List-Unsubscribe=One-Click", head.Get("List-Unsubscribe-Post"))
	for _, m := range s.mails()[1:] {
		assert.Empty(t, m.head.Get("List-Unsubscribe")+m.head.Get("List-Unsubscribe-Post"))
	}
}

// TestHostileTexts: no text, name or address adds a header, a recipient or a line of the session.
func TestHostileTexts(t *testing.T) {
	const evil = "a\r\nBcc: eve@evil.example\r\n\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n\x00\u202e\u2028b"
	s := start(t, nil)
	n := s.notifier()
	names := func() string {
		var all []string
		for _, m := range s.mails() {
			for name := range m.head {
				all = append(all, name)
			}
			assert.Equal(t, "ana@shop.example", m.to)
		}
		return strings.Join(all, " ")
	}
	m := page()
	m.Title, m.Text, m.Why, m.Note, m.Ack, m.Unsubscribe, m.Key, m.Incident = evil, evil, evil, evil, "https://x.example/"+evil, "https://x.example/"+evil, evil, evil
	m.Links = []event.Link{{Text: evil, URL: "https://x.example/" + evil}}
	_, err := n.Notify(t.Context(), m)
	require.NoError(t, err)
	assert.NotContains(t, names(), "Bcc")
	require.Len(t, s.mails(), 1)
	for _, to := range []string{
		"ana@shop.example\r\nRCPT TO:<eve@evil.example>", "<ana@shop.example>, <eve@evil.example>", "a na@shop.example", "ana", "",
		"\"x\r\nBcc: eve@evil.example\" <ana@shop.example", "ana@shop.example>\r\nDATA",
	} {
		m.To = to
		_, err := n.Notify(t.Context(), m)
		require.Error(t, err, "%q", to)
		assert.True(t, notify.IsPermanent(err), "%q", to)
		assert.NotContains(t, err.Error(), "shop.example", "%q", to)
	}
	m.To = "\"x, y =?utf-8?q?=0D=0ABcc:eve?=\" <ana@shop.example>"
	_, err = n.Notify(t.Context(), m)
	require.NoError(t, err)
	require.Len(t, s.mails(), 2)
	assert.NotContains(t, names(), "Bcc")
}

// TestJudged: what is retried, what is final, and that no error says more than the server and a code.
func TestJudged(t *testing.T) {
	at := func(code int, enhanced smtp.EnhancedCode) func(*server, *email.Notifier) {
		return func(s *server, _ *email.Notifier) { s.refuse = func(string) error { return answer(code, enhanced) } }
	}
	for _, tt := range []struct {
		name      string
		edit      func(*server, *email.Notifier)
		permanent bool
		pause     time.Duration
		want      string
	}{
		{"no such recipient", at(550, smtp.EnhancedCode{5, 1, 1}), true, 0, "localhost: SMTP status 550 5.1.1 for the recipient"},
		{"greylisted", at(451, smtp.EnhancedCode{4, 7, 1}), false, time.Minute, "localhost: SMTP status 451 4.7.1 for the recipient"},
		{"a full queue", func(s *server, _ *email.Notifier) {
			s.data = func([]byte, <-chan struct{}) error { return answer(452, smtp.EnhancedCode{4, 3, 1}) }
		}, false, 0, "localhost: SMTP status 452 4.3.1 for the mail"},
		{"a mail that is refused", func(s *server, _ *email.Notifier) {
			s.data = func([]byte, <-chan struct{}) error { return answer(554, smtp.EnhancedCode{5, 7, 1}) }
		}, true, 0, "localhost: SMTP status 554 5.7.1 for the mail"},
		{
			"a wrong password", func(_ *server, n *email.Notifier) { n.Password = notify.NewSecret("T0Cwrong") },
			true, 0, "localhost: SMTP status 535: the login was refused",
		},
		{
			"no STARTTLS", func(s *server, _ *email.Notifier) { s.TLSConfig = nil }, false, 0,
			"localhost: the server offers no STARTTLS, so nothing was sent",
		},
		{
			"a certificate of nobody", func(_ *server, n *email.Notifier) { n.TLSConfig = nil }, false, 0,
			"localhost: tls: failed to verify certificate: x509: certificate signed by unknown authority",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := new(email.Notifier)
			s := start(t, func(s *server) { tt.edit(s, n) })
			own := s.notifier()
			tt.edit(s, own)
			_, err := own.Notify(t.Context(), page())
			require.EqualError(t, err, tt.want)
			assert.Equal(t, tt.permanent, notify.IsPermanent(err))
			assert.Equal(t, tt.pause, notify.RetryDelay(err, time.Now()))
			assert.Empty(t, s.mails())
			for _, secret := range []string{"T0C", password, "ana", "bell"} {
				assert.NotContains(t, fmt.Sprintf("%+v", err), secret)
			}
		})
	}
	n := &email.Notifier{Host: "127.0.0.1", Port: 1, From: "bell@shop.example"}
	_, err := n.Notify(t.Context(), page())
	require.ErrorContains(t, err, "connection refused")
	assert.False(t, notify.IsPermanent(err))
}

// TestCheck: every fault of the fields is found, and none is told with its secrets.
func TestCheck(t *testing.T) {
	err := (&email.Notifier{Host: "smtp.example:25/x", Port: 70000, From: "T0Cfrom", To: "T0Cto", TLS: "tls", Password: notify.NewSecret("T0Cpass")}).Check()
	assert.Equal(t, 6, strings.Count(err.Error(), "\n")+1, err.Error())
	assert.NotContains(t, err.Error(), "T0C")
	require.ErrorContains(t, (&email.Notifier{Host: "h", From: "a@b.example", TLS: email.NoTLS, Username: "u"}).Check(), "the password would be readable")
	require.Error(t, new(email.Notifier).Check())
	require.NoError(t, (&email.Notifier{Host: "::1", From: "a@b.example", To: "c@d.example"}).Check())
}

// TestTheRulesOfNotifiers runs the conformance suite over a bridge: the server makes a request of each mail, and an answer of the status.
// Of the twelve rules one cannot be kept: SMTP has no field for a pause (R08).
func TestTheRulesOfNotifiers(t *testing.T) {
	err := notifytest.Check(func(to string, c *http.Client) notify.Notifier {
		s := start(t, func(s *server) { s.data = func(doc []byte, _ <-chan struct{}) error { return forward(c, to, doc) } })
		n := s.notifier()
		return notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
			m.To = "ana@shop.example" // the suite's own is the name of a room
			return n.Notify(ctx, m)
		})
	})
	require.Error(t, err)
	assert.True(t, strings.HasPrefix(err.Error(), "R08-pause"), err.Error())
	assert.NotRegexp(t, `R(0[1-79]|1\d)-`, err.Error())
}

// forward posts a mail as JSON and makes an answer of a mail server of what comes back.
func forward(c *http.Client, to string, doc []byte) error {
	m, err := netmail.ReadMessage(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"subject": subject, "id": m.Header.Get("Message-ID"), "body": decoded(m), "headers": len(m.Header)})
	if err != nil {
		return err
	}
	resp, err := c.Post(to, "application/json", bytes.NewReader(body))
	if err != nil {
		return answer(421, smtp.EnhancedCode{4, 3, 0})
	}
	resp.Body.Close()
	status := resp.StatusCode
	switch {
	case status < 300:
		return nil
	case status == 429 || status >= 500:
		return answer(451, smtp.EnhancedCode{4, 3, 0})
	}
	return answer(554, smtp.EnhancedCode{5, 0, 0})
}

// TestAServerThatHangs: the call returns when its context ends, also if the server has greeted and says nothing more.
func TestAServerThatHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "220 localhost\r\n")
		_, _ = bufio.NewReader(c).ReadString('\n') // EHLO
		cancel()
		_, _ = io.Copy(io.Discard, c) // until the other side hangs up
	}()
	_, err = (&email.Notifier{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "bell@shop.example"}).Notify(ctx, page())
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, notify.IsPermanent(err))
	<-ended
}

// FuzzAddress: an address from outside is refused or is the only recipient.
func FuzzAddress(f *testing.F) {
	for _, to := range []string{"ana@shop.example", "a@b\r\nRCPT TO:<c@d>", "\"a\\\r\n\"@b", "ü@b.example", "a@[127.0.0.1]", "<a@b>,<c@d>", "a@b>"} {
		f.Add(to)
	}
	s := start(f, func(s *server) { s.EnableSMTPUTF8 = true })
	n := s.notifier()
	f.Fuzz(func(t *testing.T, to string) {
		m := page()
		m.To = to
		before := len(s.mails())
		_, err := n.Notify(t.Context(), m)
		if took := len(s.mails()) - before; took > 1 || took == 0 && err == nil {
			t.Fatalf("%q: %d mails, error %v", to, took, err)
		}
	})
}
