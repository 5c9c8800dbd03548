package core_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// TestCodecGivesBackWhatItTook draws records of every kind with every field set at random, and reads what it wrote of them.
func TestCodecGivesBackWhatItTook(t *testing.T) {
	for kind, drawn := range map[string]*rapid.Generator[any]{
		core.KindAlert:      anyOf[core.Alert](),
		core.KindGroup:      anyOf[core.Group](),
		core.KindIncident:   anyOf[core.Incident](),
		core.KindChange:     anyOf[core.Change](),
		core.KindPlan:       anyOf[catalog.Pinned](),
		core.KindLedger:     anyOf[run.Ledger](),
		core.KindSwitch:     anyOf[run.Switch](),
		core.KindSubscriber: anyOf[core.Subscriber](),
		core.KindMailing:    anyOf[core.Mailing](),
	} {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				rec := drawn.Draw(t, "rec")
				doc, err := full.Encode(kind, core.Schema, rec)
				require.NoError(t, err)
				got, err := full.Decode(kind, core.Schema, doc)
				require.NoError(t, err)
				assert.IsType(t, rec, got)
				again, err := full.Encode(kind, core.Schema, got)
				require.NoError(t, err)
				for _, v := range []any{rec, got} {
					plain(reflect.ValueOf(v))
				}
				assert.Equal(t, rec, got)
				second, err := full.Decode(kind, core.Schema, again)
				require.NoError(t, err)
				plain(reflect.ValueOf(second))
				assert.Equal(t, got, second)
			})
		})
	}
}

// anyOf draws pointers to values of a type, whose fields hold what an engine may put there.
func anyOf[T any]() *rapid.Generator[any] {
	word := func(words ...severity.Level) *rapid.Generator[severity.Level] { return rapid.SampledFrom(words) }
	of := rapid.MakeCustom[T](rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
		reflect.TypeFor[time.Time]():         instants().AsAny(),
		reflect.TypeFor[map[string]any]():    objects(2).AsAny(),
		reflect.TypeFor[string]():            rapid.String().AsAny(),
		reflect.TypeFor[severity.Level]():    word(0, severity.Info, severity.Critical).AsAny(),
		reflect.TypeFor[severity.Grade]():    rapid.Map(rapid.Uint8Max(3), func(g uint8) severity.Grade { return severity.Grade(g) }).AsAny(),
		reflect.TypeFor[severity.Priority](): rapid.Map(rapid.Uint8Max(5), func(p uint8) severity.Priority { return severity.Priority(p) }).AsAny(),
		reflect.TypeFor[event.Signal]():      rapid.Map(rapid.Uint8Max(3), func(s uint8) event.Signal { return event.Signal(s) }).AsAny(),
	}})
	return rapid.Map(of, func(v T) any { return &v })
}

func instants() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "none") {
			return time.Time{}
		}
		at := time.Unix(rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		return at.In(time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone")))
	})
}

// number returns a number as events hold it.
func number(f float64) json.Number { return json.Number(strconv.FormatFloat(f, 'g', -1, 64)) }

// objects draws what JSON may hold, to a depth.
func objects(depth int) *rapid.Generator[map[string]any] {
	values := []*rapid.Generator[any]{
		rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Map(rapid.Float64(), number).AsAny(), rapid.Just[any](nil),
	}
	if depth > 0 {
		values = append(values, objects(depth-1).AsAny(), rapid.SliceOfN(rapid.OneOf(values...), 0, 3).AsAny())
	}
	return rapid.MapOfN(rapid.String(), rapid.OneOf(values...), 0, 3)
}

// plain takes away what a document does not keep: zones, and the difference between empty and nil.
func plain(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			plain(v.Elem())
		}
	case reflect.Map:
		if v.Len() == 0 {
			v.SetZero()
		}
	case reflect.Slice:
		for i := range v.Len() {
			plain(v.Index(i))
		}
		if v.Len() == 0 {
			v.SetZero()
		}
	case reflect.Struct:
		if at, ok := v.Addr().Interface().(*time.Time); ok {
			*at = at.UTC()
			return
		}
		for i := range v.NumField() {
			plain(v.Field(i))
		}
	}
}

// TestCodecGivesInstantsInUTC holds that also where the document has another zone, and to the nanosecond.
func TestCodecGivesInstantsInUTC(t *testing.T) {
	at := time.Now().In(time.FixedZone("", 7200))
	rec := &core.Alert{Cause: &event.Event{Time: at}}
	rec.Came = []alert.Come{{At: at}}
	doc, err := full.Encode(core.KindAlert, core.Schema, rec)
	require.NoError(t, err)
	got, err := full.Decode(core.KindAlert, core.Schema, doc)
	require.NoError(t, err)
	assert.Equal(t, at.Round(0).UTC(), got.(*core.Alert).Cause.Time)
	assert.Equal(t, at.Round(0).UTC(), got.(*core.Alert).Came[0].At)
	assert.Equal(t, at, rec.Came[0].At, "what is written is left as it is")
}

func TestCodecRefuses(t *testing.T) {
	encode := func(kind string, schema uint16, rec any) error {
		_, err := full.Encode(kind, schema, rec)
		return err
	}
	decode := func(kind string, schema uint16, doc string) error {
		_, err := full.Decode(kind, schema, []byte(doc))
		return err
	}
	for _, tt := range []struct {
		err   error
		says  string
		newer bool
	}{
		{err: encode("note", 1, "x"), says: `no records of kind "note"`},
		{err: encode(core.KindAlert, 1, "x"), says: `of kind "alert" is a *core.Alert, not a string`},
		{err: encode(core.KindAlert, 2, &core.Alert{}), says: "no documents of schema 2 are written"},
		{err: encode(core.KindAlert, 1, &core.Alert{Priority: 9}), says: `write a record of kind "alert"`},
		{err: decode("note", 1, `"x"`), says: `no records of kind "note"`, newer: true},
		{err: decode(core.KindAlert, 2, `{}`), says: `schema 2 of kind "alert", known up to 1`, newer: true},
		{err: decode("note", 2, `{}`), says: "schema 2", newer: true},
		{err: decode(core.KindAlert, 0, `{}`), says: "schema 0"},
		{err: decode(core.KindPlan, 1, `{"hash":`), says: `read a record of kind "plan"`},
	} {
		require.ErrorContains(t, tt.err, tt.says)
		assert.Equal(t, tt.newer, isNewer(tt.err))
	}
}

func BenchmarkCodec(b *testing.B) {
	rec := &core.Alert{ID: "app!disk", Class: "disk.full", Service: "db", Group: "disk.full/db", Incident: "k3j9x2mq", Priority: 2, Seq: 9}
	rec.State, rec.Count, rec.Occurrence = alert.Firing, 41, 1
	rec.First = alert.Facts{Event: "e1", Summary: "disk full", Severity: severity.Error, Labels: `env="prod",host="h1"`, Time: start, Received: start}
	rec.Latest = rec.First
	doc, err := full.Encode(core.KindAlert, core.Schema, rec)
	require.NoError(b, err)
	b.Logf("%d bytes", len(doc))
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = full.Encode(core.KindAlert, core.Schema, rec)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = full.Decode(core.KindAlert, core.Schema, doc)
		}
	})
}

func isNewer(err error) bool { return errors.Is(err, store.ErrNewer) }
