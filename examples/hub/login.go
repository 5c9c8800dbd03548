package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/respond"
)

// login tells who sends a request: a person by name and password, or by the header of a proxy, or the program that has the token.
type login struct {
	token     [sha256.Size]byte
	passwords map[escalate.PersonID][sha256.Size]byte
	operators map[escalate.PersonID]bool
	header    string // that names a person; empty: none
	people    map[escalate.PersonID]catalog.Person
}

// newLogin reads HUB_PEOPLE, HUB_OPERATORS and HUB_PROXY_HEADER. It refuses a name that is not in the catalog.
func newLogin(c *catalog.Catalog, token string, env func(string) string) (*login, error) {
	l := &login{
		token: sha256.Sum256([]byte(token)), passwords: make(map[escalate.PersonID][sha256.Size]byte), operators: make(map[escalate.PersonID]bool),
		header: env("HUB_PROXY_HEADER"), people: c.People,
	}
	for entry := range list(env("HUB_PEOPLE")) {
		name, password, ok := strings.Cut(entry, ":")
		if !ok || password == "" {
			return nil, fmt.Errorf("HUB_PEOPLE: %q has no password, expected NAME:PASSWORD", name)
		}
		if _, ok := c.People[escalate.PersonID(name)]; !ok {
			return nil, fmt.Errorf("HUB_PEOPLE: the catalog has no person %q", name)
		}
		l.passwords[escalate.PersonID(name)] = sha256.Sum256([]byte(password))
	}
	for name := range list(env("HUB_OPERATORS")) {
		if _, ok := c.People[escalate.PersonID(name)]; !ok {
			return nil, fmt.Errorf("HUB_OPERATORS: the catalog has no person %q", name)
		}
		l.operators[escalate.PersonID(name)] = true
	}
	return l, nil
}

// list yields the parts of a text between commas.
func list(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" && !yield(part) {
				return
			}
		}
	}
}

// who is the Who of package status. A request with the header Authorization goes by that alone.
func (l *login) who(r *http.Request) (respond.Viewer, bool) {
	given := r.Header.Get("Authorization")
	switch name, password, basic := r.BasicAuth(); {
	case basic:
		sum, known := l.passwords[escalate.PersonID(name)]
		sent := sha256.Sum256([]byte(password))
		if subtle.ConstantTimeCompare(sum[:], sent[:]) == 1 && known {
			return l.person(name)
		}
	case given != "":
		sent := sha256.Sum256([]byte(strings.TrimPrefix(given, "Bearer ")))
		if subtle.ConstantTimeCompare(l.token[:], sent[:]) == 1 {
			return respond.Viewer{Machine: "hub", Grants: []string{respond.GrantOperator}}, true
		}
	case l.header != "" && len(r.Header.Values(l.header)) == 1: // twice: the proxy has added it to that of a client
		return l.person(r.Header.Get(l.header))
	}
	return respond.Viewer{}, false
}

// person returns a person of the catalog.
func (l *login) person(name string) (respond.Viewer, bool) {
	id := escalate.PersonID(name)
	v := respond.Viewer{Person: id}
	if l.operators[id] {
		v.Grants = []string{respond.GrantOperator, respond.GrantApprove}
	}
	_, ok := l.people[id]
	return v, ok
}

// linkKeys reads the keys of links: base64, with a comma between two.
func linkKeys(text string) (keys [][]byte, _ error) {
	for part := range list(text) {
		key, err := base64.StdEncoding.DecodeString(part)
		if err != nil {
			return nil, fmt.Errorf("HUB_LINK_KEYS: key %d is no base64", len(keys)+1)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
