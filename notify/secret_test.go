package notify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
)

func ExampleSecret() {
	token := notify.NewSecret("hunter2")
	fmt.Println(token, token.Reveal())
	// Output: *** hunter2
}

func TestSecretPrintsAsStars(t *testing.T) {
	type config struct {
		Token  notify.Secret
		hidden notify.Secret
		nested struct{ list []notify.Secret }
		next   *notify.Secret
	}
	s := notify.NewSecret("canary")
	c := config{Token: s, hidden: s, next: &s}
	c.nested.list = []notify.Secret{s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%10.3s", "%p"} {
		assert.NotContains(t, fmt.Sprintf(verb, c), "canary", verb)
		assert.NotContains(t, fmt.Sprintf(verb, &c), "canary", verb)
		assert.NotContains(t, fmt.Sprintf(verb, map[notify.Secret]notify.Secret{s: s}), "canary", verb)
		if verb != "%T" && verb != "%p" {
			assert.Equal(t, "***", fmt.Sprintf(verb, s), verb)
		}
	}
	assert.Equal(t, "***", s.String())
	assert.Equal(t, "***", fmt.Sprint(notify.Secret{}), "an empty secret looks no different")

	text, err := json.Marshal(map[string]any{"s": s, "p": &s, "c": c})
	require.NoError(t, err)
	assert.JSONEq(t, `{"s":"***","p":"***","c":{"Token":"***"}}`, string(text))

	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).With("with", s).Info("m", "s", s, "p", &s, "c", c, "cp", &c, "e", fmt.Errorf("with %v: %w", s, errors.ErrUnsupported))
	}
	assert.NotContains(t, out.String(), "canary")
	assert.Contains(t, out.String(), "s=***")
	assert.Equal(t, "canary", s.Reveal())
	assert.Equal(t, notify.Secret{}, notify.NewSecret(""))
	assert.Empty(t, notify.Secret{}.Reveal())
}
