package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// Schema is the number of the documents that [Core.Encode] writes. From the first release on it goes up with each change that an older
// replica would lose on writing the record again, and Decode then reads the last two. Until then it stays 1.
const Schema = 1

var _ store.Codec = (*Core)(nil)

// Encode writes the JSON document of a record, for stores that write bytes.
func (c *Core) Encode(kind string, schema uint16, rec any) ([]byte, error) {
	if schema != Schema {
		return nil, fmt.Errorf("core: no documents of schema %d are written, only of %d", schema, Schema)
	}
	blank, err := c.blank(kind)
	if err != nil {
		return nil, err
	}
	if reflect.TypeOf(rec) != reflect.TypeOf(blank) {
		return nil, fmt.Errorf("core: a record of kind %q is a %T, not a %T", kind, blank, rec)
	}
	doc, err := json.Marshal(rec)
	if err != nil {
		return nil, fmt.Errorf("core: write a record of kind %q: %w", kind, err)
	}
	return doc, nil
}

// Decode reads a document. Instants come back in UTC; an empty list or map may come back as nil; numbers in the Data of an event come
// back as written. A document of a schema or a kind that this program does not know yet fails with an error that wraps [store.ErrNewer].
func (c *Core) Decode(kind string, schema uint16, doc []byte) (any, error) {
	switch {
	case schema > Schema:
		return nil, fmt.Errorf("core: schema %d of kind %q, known up to %d: %w", schema, kind, Schema, store.ErrNewer)
	case schema < Schema:
		return nil, fmt.Errorf("core: schema %d of kind %q, which there never was", schema, kind)
	}
	rec, err := c.blank(kind)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, store.ErrNewer)
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber() // as events have them
	if err := d.Decode(rec); err != nil {
		return nil, fmt.Errorf("core: read a record of kind %q: %w", kind, err)
	}
	toUTC(reflect.ValueOf(rec))
	return rec, nil
}

// blank returns a new record of the kind.
func (c *Core) blank(kindName string) (any, error) {
	i := slices.IndexFunc(c.kinds, func(k kind) bool { return k.name == kindName })
	if i < 0 {
		return nil, fmt.Errorf("core: there are no records of kind %q", kindName)
	}
	return c.kinds[i].blank(), nil
}

var timeType = reflect.TypeFor[time.Time]()

// toUTC moves every instant that v points to. Maps hold none: to JSON, the Data of an event never held an instant.
func toUTC(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			toUTC(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			toUTC(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == timeType {
			at := v.Addr().Interface().(*time.Time)
			*at = at.UTC()
			return
		}
		for i := range v.NumField() {
			toUTC(v.Field(i))
		}
	}
}
