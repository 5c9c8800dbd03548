package spans_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/internal/spans"
)

const (
	first  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	second = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
)

func TestTraceParent(t *testing.T) {
	for _, text := range []string{first, second} {
		sc := spans.Parse(text)
		assert.True(t, sc.IsValid() && sc.IsRemote())
		assert.Equal(t, text, spans.TraceParent(sc))
	}
	for _, none := range []string{"", "x", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"} {
		sc := spans.Parse(none)
		assert.False(t, sc.IsValid(), none)
		assert.Empty(t, spans.TraceParent(sc))
	}
}

func TestContext(t *testing.T) {
	ctx := spans.Continue(t.Context(), first)
	assert.Equal(t, spans.Parse(first), trace.SpanContextFromContext(ctx))
	assert.Equal(t, ctx, spans.Continue(ctx, second), "it is in a trace already")
	assert.Equal(t, spans.Parse(second), trace.SpanContextFromContext(spans.Under(ctx, second)))
	assert.Equal(t, ctx, spans.Under(ctx, "x"), "a text that names nothing changes nothing")

	assert.Equal(t, "go", spans.Format(ctx))
	assert.Equal(t, "alertmanager", spans.Format(spans.WithFormat(ctx, "alertmanager")))
}
