package acklink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	// Life is the longest that a link to acknowledge is valid.
	Life = 24 * time.Hour
	// ShareLife is the longest that a share link is valid.
	ShareLife = 7 * 24 * time.Hour
	// Prefix begins every token. Package redact knows tokens by it.
	Prefix = "tcn_"

	macLength = 16 // bytes: half of SHA-256, as RFC 2104 allows
	minKey    = 32 // bytes
	maxKeys   = 2
	maxText   = 255 // bytes of a field
	maxToken  = 2048
)

// purpose is what a token is for. A token of one purpose is foreign to the other: neither its first byte nor its signature fits.
type purpose struct {
	mark   byte   // begins what is signed; another version of the form gets another one
	domain string // so that the keys sign nothing else that looks like a token
}

var (
	toAcknowledge = purpose{1, "tocsin acknowledge link\x00"}
	toShare       = purpose{2, "tocsin share link\x00"}
	toConfirm     = purpose{3, "tocsin confirm subscription\x00"}
	toUnsubscribe = purpose{4, "tocsin unsubscribe\x00"}
)

// Why a token is refused.
var (
	ErrTruncated = errors.New("it is not a whole link")
	ErrForeign   = errors.New("it was not signed here, or was altered")
	ErrExpired   = errors.New("it has expired")
)

// Claims is what a link to acknowledge names.
type Claims struct {
	Tenant   string
	Incident string
	Person   string
	Channel  string // over which the message went
	Round    int    // of the escalation
	Level    int
	Made     time.Time // when the engine decided to send the message, in milliseconds
	Until    time.Time // when the link ends, in seconds
}

// Share is what a share link names. It names nobody: whoever has the link can read it.
type Share struct {
	Tenant     string
	Capability string
	Until      time.Time // when the link ends, in seconds
}

// Subscriber is what the links of a subscriber name. It does not name the address.
type Subscriber struct {
	Tenant string
	ID     string
	Serial uint64    // of the message that asks to confirm; 0: a link to unsubscribe
	Until  time.Time // when the link ends, in seconds; zero: a link to unsubscribe, which never ends
}

// Links makes and reads links. It is safe for concurrent use.
type Links struct {
	base string
	keys [][]byte
	subs string // the URL beneath which the pages for subscribers are served
	// lasting sign the links to unsubscribe, which stand in old mails and outlive the other keys.
	lasting [][]byte
}

// CheckKeys reports faults of the keys.
func CheckKeys(keys [][]byte) error {
	if len(keys) == 0 || len(keys) > maxKeys {
		return fmt.Errorf("%d keys, expected one, or two: the new one and the one before", len(keys))
	}
	for i, key := range keys {
		if len(key) < minKey {
			return fmt.Errorf("key %d has %d bytes, expected at least %d random bytes", i+1, len(key), minKey)
		}
	}
	return nil
}

// CheckURL reports faults of the URL beneath which the pages are served.
func CheckURL(public string) error {
	u, err := url.Parse(public)
	switch {
	case err != nil: // its text quotes the URL, which is not a secret
		return err
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return fmt.Errorf("%q, expected a URL such as https://bell.example", public)
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return fmt.Errorf("%q, expected a URL without user, query and fragment", public)
	}
	return nil
}

// New makes Links of a URL and keys that passed the checks. The first key signs, each verifies.
func New(public string, keys [][]byte) *Links {
	l := &Links{base: strings.TrimRight(public, "/")}
	for _, key := range keys {
		l.keys = append(l.keys, append([]byte(nil), key...))
	}
	return l
}

// Subscribers lets l make and read links of subscribers. key signs the links to unsubscribe, and must stay the same for ever.
func (l *Links) Subscribers(public string, key []byte) {
	l.subs, l.lasting = strings.TrimRight(public, "/"), [][]byte{append([]byte(nil), key...)}
}

// Page returns the URL of the page of an incident, which needs a login.
func (l *Links) Page(incident string) string {
	return l.base + "/incident/" + url.PathEscape(incident)
}

// URL returns the link that stands for the claims.
func (l *Links) URL(c Claims) string { return l.base + "/a/" + l.Token(c) }

// ShareURL returns the link that stands for what is shared.
func (l *Links) ShareURL(s Share) string { return l.base + "/a/share/" + l.ShareToken(s) }

// Token returns the last part of a link to acknowledge.
func (l *Links) Token(c Claims) string {
	return token(l.keys[0], toAcknowledge, []string{c.Tenant, c.Incident, c.Person, c.Channel},
		[]int64{int64(c.Round), int64(c.Level), c.Made.UnixMilli(), c.Until.Unix()})
}

// ShareToken returns the last part of a share link.
func (l *Links) ShareToken(s Share) string {
	return token(l.keys[0], toShare, []string{s.Tenant, s.Capability}, []int64{s.Until.Unix()})
}

// ConfirmURL returns the link by which an address confirms that it wants updates.
func (l *Links) ConfirmURL(s Subscriber) string {
	return l.subs + "/confirm/" + token(l.keys[0], toConfirm, []string{s.Tenant, s.ID}, []int64{int64(s.Serial), s.Until.Unix()})
}

// UnsubscribeURL returns the link by which an address ends updates.
func (l *Links) UnsubscribeURL(s Subscriber) string {
	return l.subs + "/unsubscribe/" + token(l.lasting[0], toUnsubscribe, []string{s.Tenant, s.ID}, nil)
}

func token(key []byte, p purpose, texts []string, numbers []int64) string {
	b := []byte{p.mark}
	for _, text := range texts {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(max(n, 0)))
	}
	return Prefix + base64.RawURLEncoding.EncodeToString(append(b, p.mac(key, b)...))
}

func (p purpose) mac(key, signed []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(p.domain))
	h.Write(signed)
	return h.Sum(nil)[:macLength]
}

// Read returns what the token of a link to acknowledge names. The error is ErrTruncated, ErrForeign or ErrExpired; the claims of an expired
// link are returned too.
func (l *Links) Read(token string, now time.Time) (Claims, error) {
	return verified(l.keys, toAcknowledge, token, (*reader).claims, func(c *Claims) time.Time { return c.Until }, now)
}

// ReadShare is Read for the token of a share link.
func (l *Links) ReadShare(token string, now time.Time) (Share, error) {
	return verified(l.keys, toShare, token, (*reader).share, func(s *Share) time.Time { return s.Until }, now)
}

// ReadConfirm is Read for the token of a link to confirm.
func (l *Links) ReadConfirm(token string, now time.Time) (Subscriber, error) {
	return verified(l.keys, toConfirm, token, (*reader).confirm, func(s *Subscriber) time.Time { return s.Until }, now)
}

// ReadUnsubscribe is Read for the token of a link to unsubscribe.
func (l *Links) ReadUnsubscribe(token string) (Subscriber, error) {
	always := func(*Subscriber) time.Time { return time.Unix(1, 0) }
	return verified(l.lasting, toUnsubscribe, token, (*reader).unsubscribe, always, time.Time{})
}

func verified[T any](keys [][]byte, p purpose, token string, fields func(*reader) T, until func(*T) time.Time, now time.Time) (of T, err error) {
	v, signed, sum, err := parse(p, token, fields)
	if err != nil {
		return of, err
	}
	for _, key := range keys {
		if hmac.Equal(p.mac(key, signed), sum) {
			if !now.Before(until(&v)) {
				return v, ErrExpired
			}
			return v, nil
		}
	}
	return of, ErrForeign
}

// parse takes a token apart: what is signed, and the signature. Exactly one token of the purpose has each content.
func parse[T any](p purpose, token string, fields func(*reader) T) (v T, signed, sum []byte, err error) {
	var none T
	body, ok := strings.CutPrefix(token, Prefix)
	if !ok || len(token) > maxToken {
		return none, nil, nil, ErrTruncated
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || strings.ContainsAny(body, "\r\n") || len(b) <= macLength {
		return none, nil, nil, ErrTruncated
	}
	if b[0] != p.mark {
		return none, nil, nil, ErrForeign
	}
	signed, sum = b[:len(b)-macLength], b[len(b)-macLength:]
	r := reader{left: signed[1:], ok: true}
	v = fields(&r)
	if !r.ok || len(r.left) > 0 {
		return none, nil, nil, ErrTruncated
	}
	return v, signed, sum, nil
}

// reader reads fields one after the other.
type reader struct {
	left []byte
	ok   bool
}

func (r *reader) claims() (c Claims) {
	c.Tenant, c.Incident, c.Person, c.Channel = r.text(), r.text(), r.text(), r.text()
	c.Round, c.Level = int(r.number(1<<31-1)), int(r.number(1<<31-1))
	c.Made, c.Until = time.UnixMilli(int64(r.number(1<<53))).UTC(), r.second()
	return c
}

func (r *reader) share() Share { return Share{r.text(), r.text(), r.second()} }

func (r *reader) confirm() Subscriber {
	return Subscriber{r.text(), r.text(), r.number(1 << 53), r.second()}
}

func (r *reader) unsubscribe() Subscriber { return Subscriber{Tenant: r.text(), ID: r.text()} }

func (r *reader) second() time.Time { return time.Unix(int64(r.number(1<<40)), 0).UTC() }

// number reads a number of at most most, in its shortest form.
func (r *reader) number(most uint64) uint64 {
	n, length := binary.Uvarint(r.left)
	if length <= 0 || n > most || length > 1 && r.left[length-1] == 0 {
		r.left, r.ok = nil, false
		return 0
	}
	r.left = r.left[length:]
	return n
}

func (r *reader) text() string {
	n := r.number(maxText)
	if n > uint64(len(r.left)) {
		r.left, r.ok = nil, false
		return ""
	}
	text := string(r.left[:n])
	r.left = r.left[n:]
	return text
}
