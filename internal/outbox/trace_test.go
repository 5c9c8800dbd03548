package outbox

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/notify"
)

func TestFault(t *testing.T) {
	for want, err := range map[string]error{
		"": nil, "temporary": errors.New("reset"), "permanent": notify.Permanent(errors.New("gone")),
		"panic": notify.Permanent(&PanicError{"broken"}),
	} {
		assert.Equal(t, want, (&Outcome{Err: err}).Fault())
	}
}

func TestCarried(t *testing.T) {
	const sent, other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
	_, silent := noop.Tracer{}.Start(spans.Under(t.Context(), sent), "x")
	assert.Equal(t, sent, carried(silent, sent), "without a span of its own it stays")
	_, own := noop.Tracer{}.Start(spans.Under(t.Context(), other), "x")
	assert.Equal(t, other, carried(own, sent))
	_, none := noop.Tracer{}.Start(t.Context(), "x")
	assert.Equal(t, "", carried(none, ""))
	assert.Equal(t, "x", carried(none, "x"))
}
