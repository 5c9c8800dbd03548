package intake

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTimesOfAllSenders(t *testing.T) {
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	quarter := at.Add(250 * time.Millisecond)
	for _, tt := range []struct {
		sent any
		want time.Time
	}{
		{"2026-05-04T10:00:00+02:00", at},
		{"2026-05-04T08:00:00Z", at},
		{"2026-05-04t08:00:00z", at},
		{"2026-05-04T08:00:00.25Z", quarter},
		{"2026-05-04t08:00:00.250z", quarter},
		{"2026-05-04T08:00:00,25Z", quarter},
		{"2026-05-04 08:00:00Z", at},
		{"2026-05-04 10:00:00+02:00", at},
		{"2026-05-04 08:00:00.25z", quarter},
		{"2026-05-04T08:00:00", at},
		{"2026-05-04T08:00:00.25", quarter},
		{"2026-05-04 08:00:00", at},
		{"2026-05-04 08:00:00.250", quarter},
		{"2026-05-04T08:00Z", at},
		{"2026-05-04T08:00", at},
		{"2026-05-04 10:00 +0200", at},
		{"2026-05-04T10:00:00+0200", at},
		{"2026-05-04T10:00:00.000+0200", at},
		{"2026-05-04T10:00:00+02", at},
		{"2026-05-04 10:00:00 +0200", at},
		{"2026-05-04 10:00:00 +02:00", at},
		{"2026-05-04 08:00:00 UTC", at},
		{"2026-05-04 10:00:00.25 +0200 CEST", quarter},
		{"2026-05-04 08:00:00.25 +0000 UTC m=+0.000123", quarter},
		{at.In(time.FixedZone("", 2*3600)).String(), at},
		{"2026/05/04 08:00:00", at},
		{"2026/05/04 10:00:00 +0200", at},
		{"2026.05.04 08:00:00", at},
		{"Mon, 04 May 2026 08:00:00 GMT", at},
		{"Mon, 4 May 2026 08:00:00 UTC", at},
		{"Mon, 04 May 2026 10:00:00 +0200", at},
		{"mon, 04 may 2026 10:00:00 +0200", at},
		{"Mon May  4 08:00:00 2026", at},
		{" 2026-05-04T08:00:00Z\n", at},
		{"1777881600", at},
		{"1777881600.25", quarter},
		{"1777881600250", quarter},
		{int64(1777881600), at},
		{uint64(1777881600250), quarter},
		{1777881600.25, quarter},
		{json.Number("1777881600.25"), quarter},
		{at.In(time.FixedZone("x", 3600)), at},
		{nil, time.Time{}},
		{"", time.Time{}},
		{" ", time.Time{}},
		{int64(0), time.Time{}},
		{"0", time.Time{}},
		{"0001-01-01T00:00:00.000Z", time.Time{}},
		{"0001-01-01 00:00:00 +0000 UTC", time.Time{}},
	} {
		got, err := timeOf(tt.sent)
		require.NoError(t, err, tt.sent)
		assert.Equal(t, tt.want, got, tt.sent)
	}
	for _, sent := range []any{
		"noon", "04/05/2026", "Mon, 04 May 2026 10:00:00 CET", "2026-05-04 10:00:00 CET", "2026-13-04T08:00:00Z", "2026-05-04", "NaN", "inf", "1e30",
		1e30, json.Number("1e999"), true,
		[]any{},
		map[string]any{},
	} {
		got, err := timeOf(sent)
		assert.Error(t, err, "%v gave %v", sent, got)
		assert.Zero(t, got, sent)
	}
}

func TestAnyLayoutOfATimeIsTheSameTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1, 1e11-1).Draw(t, "seconds"), 0).UTC()
		layout := rapid.SampledFrom(append(timeLayouts(), time.RFC3339Nano)).Draw(t, "layout")
		want, err := time.Parse(layout, at.Format(layout))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := timeOf(at.Format(layout)); err != nil || !got.Equal(want) {
			t.Fatalf("%s read as %v, %v", at.Format(layout), got, err)
		}
	})
}

func FuzzTimeOf(f *testing.F) {
	for _, layout := range timeLayouts() {
		f.Add(layout)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := timeOf(text)
		if err != nil && !got.IsZero() || got.Location() != time.UTC {
			t.Fatalf("%q gave %v, %v", text, got, err)
		}
	})
}
