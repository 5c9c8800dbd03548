package acklink

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

var (
	now   = time.Date(2026, 3, 3, 14, 5, 40, 250e6, time.UTC)
	older = bytes.Repeat([]byte{1}, 32)
	newer = bytes.Repeat([]byte{2}, 32)
	page  = Claims{
		Tenant: "acme", Incident: "k7qf2mab", Person: "ana", Channel: "slack", Round: 1, Level: 2, Made: now,
		Until: now.Add(Life).Truncate(time.Second),
	}
	view = Share{Tenant: "acme", Capability: "buying", Until: now.Add(ShareLife).Truncate(time.Second)}
)

// TestRead: only what this engine signed, whole and in time, is read.
func TestRead(t *testing.T) {
	const public = "https://bell.example/ops/"
	one, before := New(public, [][]byte{newer}), New(public, [][]byte{older})
	token := one.Token(page)
	for _, tt := range []struct {
		name  string
		token string
		by    *Links
		at    time.Time
		want  error
	}{
		{"fresh", token, one, now, nil},
		{"replayed, which the engine judges", token, one, now.Add(time.Hour), nil},
		{"in its last second", token, one, page.Until.Add(-time.Millisecond), nil},
		{"expired", token, one, page.Until, ErrExpired},
		{"empty", "", one, now, ErrTruncated},
		{"only the prefix", Prefix, one, now, ErrTruncated},
		{"without the prefix", strings.TrimPrefix(token, Prefix), one, now, ErrTruncated},
		{"something appended", token + "AAAA", one, now, ErrTruncated},
		{"with a line break", token[:20] + "\n" + token[20:], one, now, ErrTruncated},
		{"padded", token + "=", one, now, ErrTruncated},
		{"very long", token + strings.Repeat("A", 4096), one, now, ErrTruncated},
		{"to share", one.ShareToken(view), one, now, ErrForeign},
		{"foreign key", New(public, [][]byte{bytes.Repeat([]byte{3}, 32)}).Token(page), one, now, ErrForeign},
		{"the key before, after a rotation", before.Token(page), New(public, [][]byte{newer, older}), now, nil},
		{"the key before, when it is gone", before.Token(page), one, now, ErrForeign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.by.Read(tt.token, tt.at)
			require.ErrorIs(t, err, tt.want)
			if tt.want == nil {
				assert.Equal(t, page, got)
			}
			if err != nil && tt.want != ErrExpired {
				assert.Zero(t, got, "what nobody vouches for is not returned")
			}
		})
	}
	t.Run("every truncation", func(t *testing.T) {
		for n := range token {
			_, err := one.Read(token[:n], now)
			require.Error(t, err, n)
			assert.NotErrorIs(t, err, ErrExpired, n)
		}
	})
	t.Run("every byte changed", func(t *testing.T) {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, Prefix))
		require.NoError(t, err)
		for i := range raw {
			for bit := range 8 {
				other := bytes.Clone(raw)
				other[i] ^= 1 << bit
				_, err := one.Read(Prefix+base64.RawURLEncoding.EncodeToString(other), now)
				require.Error(t, err, "byte %d, bit %d", i, bit)
			}
		}
	})
	t.Run("swapped fields", func(t *testing.T) {
		signature := func(token string) []byte {
			_, _, sum, err := parse(toAcknowledge, token, (*reader).claims)
			require.NoError(t, err)
			return sum
		}
		for name, swap := range map[string]func(*Claims){
			"foreign incident": func(c *Claims) { c.Incident = "zzzzzzzz" },
			"foreign person":   func(c *Claims) { c.Person = "ben" },
			"foreign tenant":   func(c *Claims) { c.Tenant = "othr" },
			"another level":    func(c *Claims) { c.Level = 3 },
			"a later end":      func(c *Claims) { c.Until = c.Until.Add(time.Hour) },
			"bytes moved over": func(c *Claims) { c.Incident, c.Person = c.Incident+"a", "na" },
			"two exchanged":    func(c *Claims) { c.Person, c.Channel = c.Channel, c.Person },
		} {
			other := page
			swap(&other)
			_, signed, _, err := parse(toAcknowledge, one.Token(other), (*reader).claims)
			require.NoError(t, err)
			forged := Prefix + base64.RawURLEncoding.EncodeToString(append(bytes.Clone(signed), signature(token)...))
			_, err = one.Read(forged, now)
			assert.ErrorIs(t, err, ErrForeign, name)
		}
	})
}

// TestReadShare: a share link is read as such, and a link to acknowledge is none, even one whose first byte was changed.
func TestReadShare(t *testing.T) {
	const public = "https://bell.example"
	one := New(public, [][]byte{newer})
	token, ack := one.ShareToken(view), one.Token(page)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, Prefix))
	require.NoError(t, err)
	signed := func(p purpose) string {
		body := raw[:len(raw)-macLength]
		return Prefix + base64.RawURLEncoding.EncodeToString(append(bytes.Clone(body), p.mac(newer, body)...))
	}
	require.Equal(t, token, signed(toShare))
	for _, tt := range []struct {
		name  string
		token string
		by    *Links
		at    time.Time
		want  error
	}{
		{"fresh", token, one, now, nil},
		{"in its last second", token, one, view.Until.Add(-time.Millisecond), nil},
		{"expired", token, one, view.Until, ErrExpired},
		{"to acknowledge", ack, one, now, ErrForeign},
		{"signed to acknowledge", signed(toAcknowledge), one, now, ErrForeign},
		{"empty", "", one, now, ErrTruncated},
		{"something appended", token + "AAAA", one, now, ErrTruncated},
		{"foreign key", New(public, [][]byte{older}).ShareToken(view), one, now, ErrForeign},
		{"the key before, after a rotation", token, New(public, [][]byte{older, newer}), now, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.by.ReadShare(tt.token, tt.at)
			require.ErrorIs(t, err, tt.want)
			if tt.want == nil {
				assert.Equal(t, view, got)
			}
			if err != nil && tt.want != ErrExpired {
				assert.Zero(t, got)
			}
		})
	}
	for n := range token {
		_, err := one.ReadShare(token[:n], now)
		require.Error(t, err, n)
		assert.NotErrorIs(t, err, ErrExpired, n)
	}
	for i := range raw {
		for bit := range 8 {
			other := bytes.Clone(raw)
			other[i] ^= 1 << bit
			_, err := one.ReadShare(Prefix+base64.RawURLEncoding.EncodeToString(other), now)
			require.Error(t, err, "byte %d, bit %d", i, bit)
		}
	}
	shortest := one.ShareURL(Share{Capability: "a", Until: view.Until})
	assert.Regexp(t, `^https://bell\.example/a/share/tcn_[A-Za-z0-9_-]+$`, shortest)
	for _, style := range []redact.Style{redact.Plain, redact.Tagged} {
		assert.NotContains(t, style.Text("GET "+shortest), strings.TrimPrefix(shortest, public+"/a/share/tcn_")[:8])
	}
}

// TestURL: a link is short, and a secret by its form.
func TestURL(t *testing.T) {
	l := New("https://bell.example/ops/", [][]byte{newer})
	link := l.URL(page)
	assert.Regexp(t, `^https://bell\.example/ops/a/tcn_[A-Za-z0-9_-]+$`, link)
	assert.LessOrEqual(t, len(strings.TrimPrefix(link, "https://bell.example/ops/a/")), 90)
	assert.Equal(t, "https://bell.example/ops/incident/k7qf2mab", l.Page("k7qf2mab"))
	for _, style := range []redact.Style{redact.Plain, redact.Tagged} {
		shown := style.Text(`cannot post {"ack":"` + link + `"}: refused`)
		assert.NotContains(t, shown, strings.TrimPrefix(link, "https://bell.example/ops/a/tcn_")[:8])
		assert.Contains(t, shown, "refused")
	}
}

func TestChecks(t *testing.T) {
	for public, want := range map[string]string{
		"https://bell.example": "", "http://10.0.0.1:8080/ops/": "",
		"": "expected a URL", "bell.example": "expected a URL", "ftp://bell.example": "expected a URL", "https://": "expected a URL",
		"https://ana:x@bell.example": "without user", "https://bell.example?x=1": "without user", "https://bell.example#x": "without user",
		"https://bell.example/%zz": "invalid URL escape",
	} {
		if err := CheckURL(public); want == "" {
			assert.NoError(t, err, public)
		} else {
			assert.ErrorContains(t, err, want, public)
		}
	}
	long := bytes.Repeat([]byte{1}, 31)
	require.ErrorContains(t, CheckKeys(nil), "0 keys")
	require.ErrorContains(t, CheckKeys([][]byte{newer, older, newer}), "3 keys")
	require.ErrorContains(t, CheckKeys([][]byte{newer, long}), "key 2 has 31 bytes, expected at least 32")
	require.NoError(t, CheckKeys([][]byte{newer, older}))
}

// TestRoundTrip: whatever a link names is read again.
func TestRoundTrip(t *testing.T) {
	l := New("https://bell.example", [][]byte{newer})
	text := rapid.StringN(0, 40, maxText)
	rapid.Check(t, func(t *rapid.T) {
		c := Claims{
			Tenant: text.Draw(t, "tenant"), Incident: text.Draw(t, "incident"), Person: text.Draw(t, "person"), Channel: text.Draw(t, "channel"),
			Round: rapid.IntRange(0, 1000).Draw(t, "round"), Level: rapid.IntRange(0, 100).Draw(t, "level"),
			Made: now.Add(-time.Hour), Until: now.Truncate(time.Second).Add(time.Hour),
		}
		got, err := l.Read(l.Token(c), now)
		require.NoError(t, err)
		require.Equal(t, c, got)
	})
}

// FuzzRead: no text makes the parser panic, none is read that was not signed, and what parses has one form only.
func FuzzRead(f *testing.F) {
	l := New("https://bell.example", [][]byte{newer})
	good, shared := l.Token(page), l.ShareToken(view)
	for _, seed := range []string{good, shared, shared[:30], good[:30], Prefix, "", Prefix + "AQ", New("https://b.example", [][]byte{older}).Token(page)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, err := l.Read(token, now)
		if err == nil && token != good {
			t.Fatalf("%q is read as %+v", token, c)
		}
		if s, err := l.ReadShare(token, now); err == nil && token != shared {
			t.Fatalf("%q is read as %+v", token, s)
		}
		if c, signed, sum, err := parse(toAcknowledge, token, (*reader).claims); err == nil {
			again := New("https://bell.example", [][]byte{newer}).Token(c)
			_, same, _, err := parse(toAcknowledge, again, (*reader).claims)
			if err != nil || !bytes.Equal(same, signed) || Prefix+base64.RawURLEncoding.EncodeToString(append(bytes.Clone(signed), sum...)) != token {
				t.Fatalf("%q has a second form %q", token, again)
			}
		}
	})
}

// TestSubscriberLinks: a link to confirm is none to unsubscribe, to share or to acknowledge, and the other way round. A link to unsubscribe
// never ends and outlives the keys of all others.
func TestSubscriberLinks(t *testing.T) {
	now := time.Unix(1_800_000_000, 0).UTC()
	lasting := bytes.Repeat([]byte{7}, 32)
	of := func(key byte) *Links {
		l := New("https://bell.example/", [][]byte{bytes.Repeat([]byte{key}, 32)})
		l.Subscribers("https://status.example/", lasting)
		return l
	}
	one, who := of(1), Subscriber{Tenant: "acme", ID: "0123", Serial: 3, Until: now.Add(time.Hour)}
	confirm, leave := one.ConfirmURL(who), one.UnsubscribeURL(who)
	require.True(t, strings.HasPrefix(confirm, "https://status.example/confirm/tcn_"))
	require.True(t, strings.HasPrefix(leave, "https://status.example/unsubscribe/tcn_"))
	confirm, leave = strings.TrimPrefix(confirm, "https://status.example/confirm/"), strings.TrimPrefix(leave, "https://status.example/unsubscribe/")

	got, err := one.ReadConfirm(confirm, now)
	require.NoError(t, err)
	assert.Equal(t, who, got)
	_, err = one.ReadConfirm(confirm, who.Until)
	require.ErrorIs(t, err, ErrExpired)
	_, err = of(2).ReadConfirm(confirm, now)
	require.ErrorIs(t, err, ErrForeign)
	got, err = of(2).ReadUnsubscribe(leave)
	require.NoError(t, err, "after a change of keys")
	assert.Equal(t, Subscriber{Tenant: "acme", ID: "0123"}, got)

	same := New("https://bell.example", [][]byte{lasting}) // also if one key were used for everything
	same.Subscribers("https://status.example", lasting)
	tokens := map[string]string{
		"acknowledge": same.Token(Claims{Tenant: "acme", Incident: "0123", Until: who.Until}), "share": same.ShareToken(Share{"acme", "0123", who.Until}),
		"confirm": strings.TrimPrefix(same.ConfirmURL(who), "https://status.example/confirm/"), "unsubscribe": leave,
	}
	for name, token := range tokens {
		_, a := same.Read(token, now)
		_, s := same.ReadShare(token, now)
		_, c := same.ReadConfirm(token, now)
		_, u := same.ReadUnsubscribe(token)
		for reader, err := range map[string]error{"acknowledge": a, "share": s, "confirm": c, "unsubscribe": u} {
			assert.Equal(t, reader == name, err == nil, "%s read as %s: %v", name, reader, err)
		}
	}
}
