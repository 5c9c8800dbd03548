package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"

	minKey    = 24 // bytes
	tolerance = 5 * time.Minute
)

// Verify returns nil if the request was signed with secret and its timestamp is within 5 minutes of now, before or after. h
// holds the request's headers, body its unchanged bytes. If the header holds several signatures, one must match.
//
// A replayed request passes within these 5 minutes. Remember each webhook-id for 5 minutes after its timestamp, and answer a
// repeat with 2xx without acting on it.
func Verify(secret string, h http.Header, body []byte, now time.Time) error {
	key, err := decodeSecret(secret)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	id, timestamp, signatures := h.Get(headerID), h.Get(headerTimestamp), h.Get(headerSignature)
	switch {
	case id == "" || timestamp == "" || signatures == "":
		return errors.New("webhook: unsigned, expected the headers webhook-id, webhook-timestamp and webhook-signature")
	case strings.Contains(id, "."):
		return errors.New("webhook: webhook-id contains a dot, expected none")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New("webhook: webhook-timestamp is malformed, expected seconds since 1970")
	}
	const most = int64(tolerance / time.Second)
	switch {
	case seconds < now.Unix()-most:
		return errors.New("webhook: signed too long ago, expected at most 5 minutes")
	case seconds > now.Unix()+most:
		return errors.New("webhook: signed in the future, expected at most 5 minutes from now")
	}
	want := []byte(sign(key, id, timestamp, body))
	for signature := range strings.FieldsSeq(signatures) {
		if hmac.Equal([]byte(signature), want) {
			return nil
		}
	}
	return errors.New("webhook: no signature matches the secret, the headers and the body")
}

// sign returns the signature in its header form: "v1," and base64.
func sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// decodeSecret returns the key of a secret. White space around it does not matter: a secret that was read from a file ends in a line
// break.
func decodeSecret(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(secret), "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < minKey {
		return nil, fmt.Errorf("the secret is malformed, expected whsec_ and at least %d bytes in base64", minKey)
	}
	return key, nil
}
