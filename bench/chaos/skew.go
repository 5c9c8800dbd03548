package main

import (
	"regexp"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// skew is how far a clock is ahead.
type skew time.Duration

// out adds the skew to an instant. Zero stays zero.
func (s skew) out(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(time.Duration(s))
}

// batch adds the skew to the instants of a Batch, and sets the length of born leases.
func (s skew) batch(b store.Batch, lease time.Duration) store.Batch {
	b.Now = s.out(b.Now)
	b.Put, b.Tasks, b.Settle = slices.Clone(b.Put), slices.Clone(b.Tasks), slices.Clone(b.Settle) // copies: the engine still reads its own
	for i := range b.Put {
		c := &b.Put[i]
		c.Due, c.Ended, c.Entries = s.out(c.Due), s.out(c.Ended), slices.Clone(c.Entries)
		s.entries(c.Entries)
	}
	for i := range b.Tasks {
		t := &b.Tasks[i]
		s.task(t)
		if t.Lease != nil {
			t.Lease.Until = b.Now.Add(lease)
		}
	}
	for i := range b.Settle {
		b.Settle[i].Retry = s.out(b.Settle[i].Retry)
	}
	return b
}

func (s skew) entries(list []store.Entry) {
	for i := range list {
		list[i].At, list[i].Doc = s.out(list[i].At), s.text(list[i].Doc)
	}
}

func (s skew) task(t *store.Task) {
	t.Rank += int64(s)
	t.Due, t.Expires, t.Payload = s.out(t.Due), s.out(t.Expires), s.text(t.Payload)
	if t.Lease != nil {
		lease := *t.Lease
		lease.Until = s.out(lease.Until)
		t.Lease = &lease
	}
}

// instants matches instants in JSON.
var instants = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"`)

// text adds the skew to the instants in a JSON document.
func (s skew) text(doc []byte) []byte {
	if s == 0 {
		return doc
	}
	return instants.ReplaceAllFunc(doc, func(quoted []byte) []byte {
		t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(quoted))
		if err != nil {
			return quoted // a text that looks like an instant
		}
		return s.out(t).AppendFormat(nil, `"`+time.RFC3339Nano+`"`)
	})
}

// skewed is a codec that adds the skew on encoding and subtracts it on decoding.
type skewed struct {
	store.Codec
	skew
}

// Encode implements store.Codec.
func (c skewed) Encode(kind string, schema uint16, rec any) ([]byte, error) {
	doc, err := c.Codec.Encode(kind, schema, rec)
	return c.text(doc), err
}

// Decode implements store.Codec.
func (c skewed) Decode(kind string, schema uint16, doc []byte) (any, error) {
	return c.Codec.Decode(kind, schema, (-c.skew).text(doc))
}
