package webhook

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The signature was computed with openssl dgst -sha256 -hmac over msg_2026.1772366400.{"bell":"rings"}.
const (
	vectorBody      = `{"bell":"rings"}`
	vectorSignature = "v1,N74DMxm+NESbIkqch8FfnmeOUD40CHJ9GyItdUOMRkE="
)

func vectorHeader() http.Header {
	h := http.Header{}
	h.Set("webhook-id", "msg_2026")
	h.Set("webhook-timestamp", "1772366400") // noon
	h.Set("webhook-signature", vectorSignature)
	return h
}

func TestSign(t *testing.T) {
	key, err := decodeSecret(secret)
	require.NoError(t, err)
	require.Equal(t, vectorSignature, sign(key, "msg_2026", "1772366400", []byte(vectorBody)))
}

func TestVerify(t *testing.T) {
	const noMatch = "webhook: no signature matches the secret, the headers and the body"
	const unsigned = "webhook: unsigned, expected the headers webhook-id, webhook-timestamp and webhook-signature"
	const old, future = "webhook: signed too long ago, expected at most 5 minutes",
		"webhook: signed in the future, expected at most 5 minutes from now"
	const malformed = "webhook: webhook-timestamp is malformed, expected seconds since 1970"
	type request struct {
		secret string
		header http.Header
		body   string
		now    time.Time
	}
	set := func(name, value string) func(*request) {
		return func(r *request) { r.header.Set(name, value) }
	}
	at := func(d time.Duration) func(*request) {
		return func(r *request) { r.now = noon.Add(d) }
	}
	const other = "v1,AAAAAxm+NESbIkqch8FfnmeOUD40CHJ9GyItdUOMRkE="
	for _, c := range []struct {
		name   string
		change func(*request)
		want   string
	}{
		{"as it was sent", func(*request) {}, ""},
		{"5 minutes later", at(5 * time.Minute), ""},
		{"5 minutes earlier", at(-5 * time.Minute), ""},
		{"a second more", at(5*time.Minute + time.Second), old},
		{"a second less", at(-5*time.Minute - time.Second), future},
		{"the second of two signatures", set("webhook-signature", other+" "+vectorSignature), ""},
		{"beside an asymmetric one", set("webhook-signature", "v1a,AAAA "+vectorSignature), ""},
		{"two that do not fit", set("webhook-signature", other+" "+other), noMatch},
		{"of another version", set("webhook-signature", "v2"+vectorSignature[2:]), noMatch},
		{"cut short", set("webhook-signature", vectorSignature[:20]), noMatch},
		{"parted by a comma", set("webhook-signature", vectorSignature+","+vectorSignature), noMatch},
		{"only the version", set("webhook-signature", "v1,"), noMatch},
		{"another body", func(r *request) { r.body = `{"bell":"rinks"}` }, noMatch},
		{"a longer body", func(r *request) { r.body += " " }, noMatch},
		{"no body", func(r *request) { r.body = "" }, noMatch},
		{"another id", set("webhook-id", "msg_2027"), noMatch},
		{"another time", set("webhook-timestamp", "1772366401"), noMatch},
		{"the same time in other digits", set("webhook-timestamp", "+1772366400"), noMatch},
		{"another secret", func(r *request) { r.secret = "whsec_dG9jc2luIHNpZ25zIHdoYXQgaXQgc2VuZHM/" }, noMatch},
		{
			"no secret", func(r *request) { r.secret = "" },
			"webhook: the secret is malformed, expected whsec_ and at least 24 bytes in base64",
		},
		{"no id", func(r *request) { r.header.Del("webhook-id") }, unsigned},
		{"no time", func(r *request) { r.header.Del("webhook-timestamp") }, unsigned},
		{"no signature", func(r *request) { r.header.Del("webhook-signature") }, unsigned},
		{"time in words", set("webhook-timestamp", "noon"), malformed},
		{"time with a fraction", set("webhook-timestamp", "1772366400.5"), malformed},
		{"time beyond 64 bits", set("webhook-timestamp", "9223372036854775808"), malformed},
		{"the last time there is", set("webhook-timestamp", "9223372036854775807"), future},
		{"the first time there is", set("webhook-timestamp", "-9223372036854775808"), old},
		{"the id made longer by the time", set("webhook-id", "msg_2026.1772366400"), "webhook: webhook-id contains a dot, expected none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request{secret, vectorHeader(), vectorBody, noon}
			c.change(&r)
			err := Verify(r.secret, r.header, []byte(r.body), r.now)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

func TestVerifyRefusesEveryFlippedByte(t *testing.T) {
	for i := range vectorBody {
		body := []byte(vectorBody)
		body[i] ^= 1
		require.Error(t, Verify(secret, vectorHeader(), body, noon), "byte %d of the body", i)
	}
	for i := range vectorSignature {
		signature := []byte(vectorSignature)
		signature[i] ^= 1
		h := vectorHeader()
		h.Set("webhook-signature", string(signature))
		require.Error(t, Verify(secret, h, []byte(vectorBody), noon), "byte %d of the signature", i)
	}
}

func TestPublishedVector(t *testing.T) {
	folder := os.Getenv("TOCSIN_SAMPLES")
	if folder == "" {
		t.Log("The published vector of Standard Webhooks is NOT checked, only our own.")
		t.Skip("SKIPPED, not tested: TOCSIN_SAMPLES is unset; it names the folder of standard_webhooks_vector.json")
	}
	file, err := os.ReadFile(filepath.Join(folder, "standard_webhooks_vector.json"))
	require.NoError(t, err)
	var v map[string]string
	require.NoError(t, json.Unmarshal(file, &v))
	h := http.Header{}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		require.NotEmpty(t, v[name])
		h.Set(name, v[name])
	}
	seconds, err := strconv.ParseInt(v["webhook-timestamp"], 10, 64)
	require.NoError(t, err)

	require.NoError(t, Verify(v["secret"], h, []byte(v["body"]), time.Unix(seconds, 0)))
	require.Error(t, Verify(v["secret"], h, []byte(v["body"]+" "), time.Unix(seconds, 0)))
	key, err := decodeSecret(v["secret"])
	require.NoError(t, err)
	require.Equal(t, v["webhook-signature"], sign(key, v["webhook-id"], v["webhook-timestamp"], []byte(v["body"])))
}
