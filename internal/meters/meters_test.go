package meters_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tocsin-dev/tocsin/internal/meters"
)

func TestCount(t *testing.T) {
	p := meters.New()
	doors, err := p.Meter("a").Int64Counter("doors")
	require.NoError(t, err)
	other, err := p.Meter("b").Int64Counter("windows")
	require.NoError(t, err)
	doors.Add(t.Context(), 2, metric.WithAttributes(attribute.String("colour", "red"), attribute.Int("size", 3)))
	doors.Add(t.Context(), 3, metric.WithAttributes(attribute.String("colour", "blue")))
	other.Add(t.Context(), 10)

	assert.EqualValues(t, 5, p.Count("doors"))
	assert.EqualValues(t, 2, p.Count("doors", "colour", "red"))
	assert.EqualValues(t, 2, p.Count("doors", "size", "3"))
	assert.EqualValues(t, 0, p.Count("doors", "colour", "green"))
	assert.EqualValues(t, 0, p.Count("doors", "shape", "red"))
	assert.EqualValues(t, 10, p.Count("windows"))
	assert.EqualValues(t, 0, p.Count("roofs"))

	gauge, err := p.Meter("a").Float64Gauge("heat")
	require.NoError(t, err)
	gauge.Record(t.Context(), 1) // does nothing and does not fail
}
