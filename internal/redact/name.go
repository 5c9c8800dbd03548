package redact

import (
	"net/url"
	"slices"
	"strings"
)

// kind says what a name tells about the value beside it.
type kind uint8

const (
	open   kind = iota // nothing
	weak               // a secret, unless the value is a number or a word such as failed
	strong             // a secret
	header             // a secret that goes on to the end of the line
)

// secretWords lists the endings of names whose values are secrets, in lower case and without separators. A name is compared without the
// qualifiers at its end: DB_PASSWORD_2 ends in password, token_count does not end in token.
var secretWords = [...]string{
	"password", "passwd", "pwd", "passphrase", "passcode", "passwort", "kennwort",
	"secret", "token", "credential", "credentials", "creds", "jwt", "otp", "bearer",
	"apikey", "accesskey", "accesskeyid", "privatekey", "secretkey", "signingkey", "encryptionkey", "authkey", "masterkey", "accountkey",
	"sharedkey", "storagekey", "sessionkey", "hmackey", "sshkey", "deploykey", "integrationkey", "subscriptionkey", "licensekey",
	"apikeys", "accesstokens", "authtokens", "refreshtokens", "apitokens",
	"dbpass", "userpass", "smtppass", "mysqlpass", "pgpass", "redispass", "adminpass", "rootpass", "ldappass", "sshpass", "keypass", "storepass",
}

// headerWords are the same for values that are several words.
var headerWords = [...]string{"authorization", "cookie", "cookies"}

// weakWords are whole names.
var weakWords = [...]string{"pass", "auth", "passwords", "secrets"}

// qualifiers are words at the end of a name that leave a secret a secret.
var qualifiers = [...]string{
	"value", "val", "text", "string", "str", "raw", "plain", "plaintext", "hash", "hashed", "digest", "base64", "b64", "old", "new", "current",
	"previous", "prev", "header", "env", "prod", "dev", "staging", "primary", "secondary", "default", "encrypted",
}

// aboutWords name what is no secret of a secret: token.count.
var aboutWords = [...]string{"count", "type", "kind", "name", "length", "size", "ttl", "expiry", "expires", "age", "status", "state", "version", "limit", "total"}

// Name reports whether a name is that of a secret: db_password, apiKey, X-Api-Key, credentials.user.
func Name(name string) bool { return kindOf(name) != open }

// kindOf judges a name. Its parts are separated by dots or slashes.
func kindOf(name string) kind {
	if !suspect(name) {
		return open
	}
	if strings.Contains(name, "%") {
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
	}
	if look(name)&oddByte != 0 {
		name = fold(name).text
	}
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '/' || r == '[' || r == ']' })
	for i := len(parts) - 1; i >= 0; i-- {
		if k := kindOfPart(parts[i]); k != open && (i == len(parts)-1 || !about(parts[len(parts)-1])) {
			return k
		}
	}
	return open
}

// suspect reports whether a name can be that of a secret. Nearly all names cannot, and are not looked at more closely: each word of
// the lists holds one of a few pieces.
func suspect(name string) bool {
	var first, second byte
	for i := range len(name) {
		if name[i] >= 0x80 || name[i] < ' ' || name[i] == '%' {
			return true
		}
		third := name[i] | 0x20
		if piece := pieces[third]; piece[1] == second && second != 0 && (piece[0] == first || piece[0] == 0) {
			return true
		}
		first, second = second, third
	}
	return false
}

// pieces has the letters before the last one of each piece, 0 for any: password, passwd, key, token, cookie, secret, auth, jwt, otp, bearer.
var pieces = [256][2]byte{
	's': {'a', 's'}, 'd': {0, 'w'}, 'y': {'k', 'e'}, 'n': {'k', 'e'}, 'k': {0, 'o'}, 'e': {'c', 'r'}, 'h': {'u', 't'}, 't': {'j', 'w'}, 'p': {'o', 't'}, 'a': {'b', 'e'},
}

// kindOfPart judges one part of a name.
func kindOfPart(part string) kind {
	words := wordsOf(part)
	for len(words) > 1 && slices.Contains(qualifiers[:], words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	joined := strings.Join(words, "")
	ends := func(word string) bool { return strings.HasSuffix(joined, word) }
	switch {
	case slices.ContainsFunc(headerWords[:], ends):
		return header
	case slices.ContainsFunc(secretWords[:], ends):
		return strong
	case slices.Contains(weakWords[:], joined):
		return weak
	}
	return open
}

func about(part string) bool {
	words := wordsOf(part)
	return len(words) > 0 && slices.Contains(aboutWords[:], words[len(words)-1])
}

// wordsOf returns the words of a name in lower case: apiKey, API-KEY and api_key give api and key. Numbers at the end of a word are
// left out, but for base64.
func wordsOf(name string) []string {
	var words []string
	start := 0
	end := func(i int) {
		word := strings.ToLower(name[start:i])
		if word != "base64" && word != "b64" {
			word = strings.TrimRight(word, "0123456789")
		}
		if word != "" {
			words = append(words, word)
		}
	}
	for i := range len(name) {
		switch c := name[i]; {
		case !isWord(c):
			end(i)
			start = i + 1
		case i > start && isUpper(c) && (!isUpper(name[i-1]) || i+1 < len(name) && isLower(name[i+1])):
			end(i)
			start = i
		}
	}
	end(len(name))
	return words
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWord reports whether c belongs to a word. Letters beyond ASCII are other in a folded text.
func isWord(c byte) bool { return isUpper(c) || isLower(c) || isDigit(c) || c >= 0x80 }
