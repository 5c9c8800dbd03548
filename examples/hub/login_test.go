package main

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/respond"
)

func builtinCatalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	folder, err := fs.Sub(builtin, "catalog")
	require.NoError(t, err)
	c, err := catalog.Load(folder)
	require.NoError(t, err)
	return c
}

// TestLogin: a request names a person by password or, if the hub trusts a proxy, by its header, or the machine by the token.
func TestLogin(t *testing.T) {
	ana, ben := respond.Viewer{Person: "ana", Grants: []string{respond.GrantOperator, respond.GrantApprove}}, respond.Viewer{Person: "ben"}
	hub := respond.Viewer{Machine: "hub", Grants: []string{respond.GrantOperator}}
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, tt := range []struct {
		name, proxy string // the header of the proxy
		header      http.Header
		want        respond.Viewer // the zero Viewer: nobody
	}{
		{"nothing", "", http.Header{}, respond.Viewer{}},
		{"a password", "", http.Header{"Authorization": {basic("ana:secret")}}, ana},
		{"a password with colons", "", http.Header{"Authorization": {basic("ben:a:b")}}, ben},
		{"the password of another", "", http.Header{"Authorization": {basic("ben:secret")}}, respond.Viewer{}},
		{"no password", "", http.Header{"Authorization": {basic("ben:")}}, respond.Viewer{}},
		{"a stranger", "", http.Header{"Authorization": {basic("eve:secret")}}, respond.Viewer{}},
		{"the token", "", http.Header{"Authorization": {"Bearer token"}}, hub},
		{"another token", "", http.Header{"Authorization": {"Bearer tokens"}}, respond.Viewer{}},
		{"the header, without a proxy", "", http.Header{"X-Forwarded-User": {"ana"}}, respond.Viewer{}},
		{"the header", "X-Forwarded-User", http.Header{"X-Forwarded-User": {"ben"}}, ben},
		{"the header names a stranger", "X-Forwarded-User", http.Header{"X-Forwarded-User": {"eve"}}, respond.Viewer{}},
		{"the proxy has added its header to that of a client", "X-Forwarded-User", http.Header{"X-Forwarded-User": {"ana", "ben"}}, respond.Viewer{}},
		{"a wrong password beside the header", "X-Forwarded-User", http.Header{"X-Forwarded-User": {"ana"}, "Authorization": {basic("ana:x")}}, respond.Viewer{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"HUB_PEOPLE": "ana:secret, ben:a:b", "HUB_OPERATORS": "ana", "HUB_PROXY_HEADER": tt.proxy}
			l, err := newLogin(builtinCatalog(t), "token", func(name string) string { return env[name] })
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header = tt.header
			got, ok := l.who(r)
			assert.Equal(t, !tt.want.Nobody(), ok)
			if ok {
				assert.Equal(t, tt.want, got)
			}
		})
	}
}

// TestLoginFaults: a hub does not start if its people are not those of the catalog.
func TestLoginFaults(t *testing.T) {
	for name, value := range map[string]string{"HUB_PEOPLE": "eve:secret", "HUB_OPERATORS": "eve"} {
		_, err := newLogin(builtinCatalog(t), "token", func(n string) string { return map[string]string{name: value}[n] })
		assert.EqualError(t, err, name+`: the catalog has no person "eve"`)
	}
	_, err := newLogin(builtinCatalog(t), "token", func(n string) string { return map[string]string{"HUB_PEOPLE": "ana"}[n] })
	assert.EqualError(t, err, `HUB_PEOPLE: "ana" has no password, expected NAME:PASSWORD`)
	_, err = linkKeys("!")
	assert.EqualError(t, err, "HUB_LINK_KEYS: key 1 is no base64")
	key := bytes.Repeat([]byte{7}, 32)
	keys, err := linkKeys(base64.StdEncoding.EncodeToString(key) + "," + base64.StdEncoding.EncodeToString(key))
	require.NoError(t, err)
	assert.Equal(t, [][]byte{key, key}, keys)
}
