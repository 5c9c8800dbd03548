package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

func TestNoCanaryNames(t *testing.T) {
	for _, name := range []string{
		"password", "Password", "PASSWORD", "db_password", "dbPassword", "DB-PASSWORD", "DB_PASSWORD_2", "password1", "PassWord", "pwd", "PGPASSWORD",
		"secret", "client_secret", "clientSecret", "aws.secretAccessKey", "AWS_SECRET_ACCESS_KEY", "token", "accessToken", "x-auth-token", "csrfToken",
		"apiKey", "api_key", "API-KEY", "x-api-key", "X-Api-Key", "APIKey", "apikey", "private-key", "privateKey", "accountKey", "Authorization",
		"Proxy-Authorization", "Cookie", "set-cookie", "credentials", "credentials.user", "headers.Authorization", "db.password.value", "password_hash",
		"passwordBase64", "spring.datasource.password", "otp", "jwt", "pass", "auth", "dbPass", "env/DB_PASSWORD", "p%61ssword",
		"ｐａｓｓｗｏｒｄ", "pass\u00adword", "pass\u200bword", "p\u0430ssword", "pаsswоrd", "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝", "pa\u0301ssword", "ⓣⓞⓚⓔⓝ", "to\u2060ken", "seсret", "TO\U000E0041KEN",
		"ſecret", "to\x00ken", "pass\x1bword", "ΤΟΚΕΝ", "p\u202eassword", "Passwort",
	} {
		assert.True(t, redact.Name(name), "%q is the name of a secret", name)
	}
	for _, name := range []string{
		"", "token_count", "tokenCount", "keyboard", "monkey", "secretary", "max_tokens", "maxTokens", "tokens", "key", "keys", "primary_key", "public_key",
		"publicKey", "dedup_key", "routing_key", "partitionKey", "passenger", "bypass", "compass", "passed", "pass_rate", "password_policy",
		"passwordExpired", "token_type", "token.count", "token.type", "tokenizer", "secretion", "hotkey", "author", "authority", "authentication",
		"oauth_provider", "alertname", "instance", "severity", "job", "namespace", "pod", "container", "summary", "description", "cwd", "work", "kwh",
		"cookie_count", "session", "credit", "accreditation", "turkey", "donkey", "jockey", "market", "gen_ai.usage.input_tokens", "gen_ai.token.type",
		"secret.name", "password_age", "größe", "名前",
	} {
		assert.False(t, redact.Name(name), "%q is no name of a secret", name)
	}
}

func TestNoCanaryTexts(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"password=CANARY", "password=***"},
		{"DB_PASSWORD=CANARY host=a", "DB_PASSWORD=*** host=a"},
		{"password : CANARY", "password : ***"},
		{"password=>CANARY x", "password=>*** x"},
		{"password := 'CANARY x' y", "password := '***' y"},
		{`password="CAN ARY" x`, `password="***" x`},
		{`password="CAN\" ARY" x`, `password="***" x`},
		{`password="CAN ARY`, `password="***`},
		{`{"password": "CANARY", "user": "ana"}`, `{"password": "***", "user": "ana"}`},
		{`{"password":42424242,"n":1}`, `{"password":***,"n":1}`},
		{`{\"password\":\"CAN ARY\",\"user\":\"ana\"}`, `{\"password\":\"***\",\"user\":\"ana\"}`},
		{`{"credentials":{"user":"CANARY","x":["CANARY"]},"n":1}`, `{"credentials":***,"n":1}`},
		{"token=a&secret=b;apikey=c", "token=***&secret=***;apikey=***"},
		{"Authorization: Bearer CANARY.x", "Authorization: ***"},
		{"-H 'authorization: Basic Q0FOQVJZ' x", "-H 'authorization: ***' x"},
		{`-H "Cookie: a=CANARY; b=CANARY" x`, `-H "Cookie: ***" x`},
		{"Set-Cookie: id=CANARY; Path=/\nnext: 1", "Set-Cookie: ***\nnext: 1"},
		{"sent bearer CANARY1", "sent bearer ***"},
		{"Basic Q0FOQVJZOng= sent", "Basic *** sent"},
		{"token: Bearer CANARY1 x", "token: *** x"},
		{"postgres://ana:CANARY@db:5432/x and a://b", "postgres://***@db:5432/x and a://b"},
		{"https://CANARY@h/p?token=CANARY#x", "https://***@h/p?token=***"},
		{"https://h/p?a=1&access_token=CANARY&b=2", "https://h/p?a=1&access_token=***&b=2"},
		{"https://h/p?X-Amz-Signature=CANARY&sig=CANARY", "https://h/p?X-Amz-Signature=***&sig=***"},
		{"https://h/p?p%61ssword=CANARY", "https://h/p?p%61ssword=***"},
		{"key AKIAIOSFODNN7EXAMPLE used", "key *** used"},
		{"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", "jwt ***"},
		{"https://bell.example/a/tcn_AQAIazdxZjJtYWIDYW5hBXNsYWNrAQLqhdvQyDOA9Zja0gY", "https://bell.example/a/***"},
		{"ghp_0123456789abcdef0123456789abcdef0123", "***"},
		{"https://hooks.slack.com/services/T000/B000/CANARYCANARY", "https://hooks.slack.com/services/***"},
		{"-----BEGIN RSA PRIVATE KEY-----\nCANARY\nCANARY\n-----END RSA PRIVATE KEY-----\nrest", "-----BEGIN RSA PRIVATE KEY-----\n***\n-----END RSA PRIVATE KEY-----\nrest"},
		{`-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n`, `-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----\n`},
		{"-----BEGIN PRIVATE KEY-----\nCANARY", "-----BEGIN PRIVATE KEY-----\n***"},
		{"login --password CANARY --user ana", "login --password *** --user ana"},
		{"<password>CANARY x</password><user>a</user>", "<password>***</password><user>a</user>"},
		{"- name: DB_PASSWORD\n  value: CANARY\n- name: HOST\n  value: a", "- name: DB_PASSWORD\n  value: ***\n- name: HOST\n  value: a"},
		{`{"name":"API_KEY","value":"CANARY"},{"name":"A","value":"b"}`, `{"name":"API_KEY","value":"***"},{"name":"A","value":"b"}`},
		{"API key: CANARY", "API key: ***"},
		{"pass=CANARY", "pass=***"},
		{"ｐａｓｓｗｏｒｄ＝CANARY x", "ｐａｓｓｗｏｒｄ＝*** x"},
		{"pass\u200bword: CANARY", "pass\u200bword: ***"},
		{"päss pаsswоrd=CANARY → ü", "päss pаsswоrd=*** → ü"},
		{"password\u200b=\u200bCAN\u200bARY x", "password\u200b=\u200b*** x"},
		{"“password”: “CAN ARY”, x", "“password”: “***”, x"},
		{"(password=CANARY)", "(password=***)"},
		{"ok: 3 passed, token_count=5, max_tokens: 9, keyboard: de, monkey=1, secretary: ana", ""},
		{"pass=12 fail=0 auth=failed password= token=true secret: null", ""},
		{"at 2026-03-02T12:00:00Z https://h/a@b?key=PROJ-12 routing_key=orders.created", ""},
		{"a bearer of news, basic settings, Basic auth", ""},
		{"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----", ""},
		{"password=*** token=***~3fa9c", ""},
		{"name: HOST value: a", ""},
		{"skip ghost eye sky whose pypi npm hooks AKIA eyJ", ""},
	} {
		if c.want == "" {
			c.want = c.text
		}
		got := redact.Plain.Text(c.text)
		assert.Equal(t, c.want, got, "%q", c.text)
		assert.Equal(t, got, redact.Plain.Text(got), "again")
	}
}

// TestNoCanaryWordIsOverlooked: the quick look at a name passes every word of the lists.
func TestNoCanaryWordIsOverlooked(t *testing.T) {
	for _, word := range redact.Words() {
		assert.True(t, redact.Name(word), word)
		assert.True(t, redact.Name(strings.ToUpper(word)), word)
	}
}

func TestNoCanaryInAClass(t *testing.T) {
	for _, class := range []string{"auth.token:refresh", "payments.token.expired", "secret:rotated", "heartbeat.db-password-rotation"} {
		assert.Equal(t, class, redact.Plain.Class(class))
	}
	assert.Equal(t, "pay.password=***", redact.Plain.Class("pay.password=CANARY"))
	assert.Equal(t, "pay.token:***", redact.Plain.Class("pay.token:CANARY1"))
}
