package respond

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/store"
)

// Schema is the number of the documents that [Codec] writes. It goes up with each change that an older replica would lose
// on writing the record again.
const Schema = 1

// Codec turns the records of this package into JSON documents and back, for stores that write bytes. An instant comes back
// in UTC; an empty list or map may come back as nil; what an event's Data holds comes back as JSON has it, its numbers as
// float64.
type Codec struct{}

var _ store.Codec = Codec{}

// Encode writes the document of a record.
func (Codec) Encode(kind string, schema uint16, rec any) ([]byte, error) {
	if schema != Schema {
		return nil, fmt.Errorf("respond: no documents of schema %d are written, only of %d", schema, Schema)
	}
	blank, err := blankOf(kind)
	if err != nil {
		return nil, err
	}
	if reflect.TypeOf(rec) != reflect.TypeOf(blank) {
		return nil, fmt.Errorf("respond: a record of kind %q is a %T, not a %T", kind, blank, rec)
	}
	if p, ok := rec.(*catalog.Pinned); ok {
		rec = hashed{p.Hash, p}
	}
	doc, err := json.Marshal(rec)
	if err != nil {
		return nil, fmt.Errorf("respond: write a record of kind %q: %w", kind, err)
	}
	return doc, nil
}

// Decode reads a document. One of a schema that came after this program fails with an error that wraps [store.ErrNewer].
func (Codec) Decode(kind string, schema uint16, doc []byte) (any, error) {
	switch {
	case schema > Schema:
		return nil, fmt.Errorf("respond: schema %d of kind %q, known up to %d: %w", schema, kind, Schema, store.ErrNewer)
	case schema < Schema:
		return nil, fmt.Errorf("respond: schema %d of kind %q, which there never was", schema, kind)
	}
	rec, err := blankOf(kind)
	if err != nil {
		return nil, err
	}
	if p, ok := rec.(*catalog.Pinned); ok {
		h := hashed{Pinned: p}
		err = json.Unmarshal(doc, &h)
		p.Hash = h.Hash
	} else {
		err = json.Unmarshal(doc, rec)
	}
	if err != nil {
		return nil, fmt.Errorf("respond: read a record of kind %q: %w", kind, err)
	}
	toUTC(reflect.ValueOf(rec))
	return rec, nil
}

// hashed shows the hash of a plan, which is none of what it is made of.
type hashed struct {
	Hash string `json:"hash"`
	*catalog.Pinned
}

// blankOf returns a new record of the kind.
func blankOf(kind string) (any, error) {
	switch kind {
	case KindAlert:
		return new(Alert), nil
	case KindGroup:
		return new(correlate.Group), nil
	case KindIncident:
		return new(Incident), nil
	case KindChange:
		return new(Change), nil
	case KindPlan:
		return new(catalog.Pinned), nil
	case KindLedger:
		return new(automate.Ledger), nil
	case KindSwitch:
		return new(automate.Switch), nil
	}
	return nil, fmt.Errorf("respond: there are no records of kind %q", kind)
}

var timeType = reflect.TypeFor[time.Time]()

// toUTC moves every instant in what v points to. Maps hold none: what Data holds was never an instant to JSON.
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
