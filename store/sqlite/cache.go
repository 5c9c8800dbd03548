package sqlite

import "github.com/tocsin-dev/tocsin/store"

const (
	cacheBytes = 32 << 20 // bytes of documents in each half
	rowBytes   = 512      // added for each record, beside its document
)

// cache holds decoded records, so that a record in frequent use is read and decoded once. It has two halves. A record
// that is used moves to the younger half. When that half is full, the older half is dropped and the younger takes its
// place.
type cache struct {
	young, old map[store.Key]*record
	bytes      int // of the younger half
}

func newCache() cache {
	return cache{young: make(map[store.Key]*record), old: make(map[store.Key]*record)}
}

func (c *cache) get(k store.Key) (*record, bool) {
	r, ok := c.young[k]
	if ok {
		return r, true
	}
	if r, ok = c.old[k]; ok {
		delete(c.old, k)
		c.put(r)
	}
	return r, ok
}

func (c *cache) put(r *record) {
	if before, ok := c.young[r.key]; ok {
		c.bytes -= len(before.doc) + rowBytes
	}
	c.young[r.key] = r
	c.bytes += len(r.doc) + rowBytes
	if c.bytes > cacheBytes {
		c.old, c.young, c.bytes = c.young, make(map[store.Key]*record), 0
	}
}

func (c *cache) drop(k store.Key) {
	if before, ok := c.young[k]; ok {
		c.bytes -= len(before.doc) + rowBytes
		delete(c.young, k)
	}
	delete(c.old, k)
}
