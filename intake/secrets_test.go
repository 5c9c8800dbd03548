package intake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/intake"
)

func TestBearerPrintsAsStars(t *testing.T) {
	e := &intake.Endpoint{Name: "prod", Bearer: []string{"canary1", "canary2"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		assert.Equal(t, "***", fmt.Sprintf(verb, e.Bearer), verb)
		assert.NotContains(t, fmt.Sprintf(verb, e), "canary", verb)
		assert.NotContains(t, fmt.Sprintf(verb, *e), "canary", verb)
	}
	assert.Equal(t, "***", e.Bearer.String())

	text, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"Bearer":"***"`)

	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).With("with", e.Bearer).Info("m", "endpoint", e, "value", *e, "bearer", e.Bearer)
	}
	assert.NotContains(t, out.String(), "canary")
}
