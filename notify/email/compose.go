package email

import (
	"crypto/sha256"
	"encoding/hex"
	netmail "net/mail"
	"net/url"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/tocsin-dev/tocsin/notify"
)

// compose writes a message as a mail.
func compose(m *notify.Message, from, to *netmail.Address) *mail.Msg {
	out := mail.NewMsg(mail.WithNoDefaultUserAgent())
	out.FromMailAddress(from)
	out.ToMailAddress(to)
	subject, body := texts(m)
	out.Subject(subject)
	out.SetBodyString(mail.TypeTextPlain, body)
	out.SetMessageIDWithValue(id("message", m.Key, from))
	if m.Incident != "" {
		root := "<" + id("incident", m.Incident, from) + ">"
		out.SetGenHeader(mail.HeaderInReplyTo, root)
		out.SetGenHeader(mail.HeaderReferences, root)
	}
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	if !m.At.IsZero() {
		out.SetDateWithValue(m.At)
	}
	if isHTTPS(m.Unsubscribe) {
		_ = out.SetListUnsubscribeOneClick(m.Unsubscribe)
	}
	return out
}

// texts returns the subject, which is one line, and the body.
func texts(m *notify.Message) (subject, body string) {
	parts := m.Parts(nil)
	subject = strings.Join(strings.Fields(parts[0].Text), " ")
	if len(parts) == 1 {
		return subject, parts[0].Text + "\n"
	}
	return subject, parts[1:].String() + "\n"
}

// id returns what stands between the angle brackets of a Message-ID. It shows nothing of the name.
func id(kind, name string, from *netmail.Address) string {
	sum := sha256.Sum256([]byte("tocsin mail " + kind + "\x00" + name))
	return hex.EncodeToString(sum[:16]) + "@" + domain(from)
}

// isHTTPS reports whether a link can stand in a List-Unsubscribe header. RFC 8058 asks for https.
func isHTTPS(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "https" && u.Host != "" && !strings.ContainsAny(link, "<>, \t")
}
