package postgres

import (
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// cacheBytes bounds the documents of cached records, in two generations.
const cacheBytes = 64 << 20

// cache holds the values of records that were read or written lately, so the database sends a document only if another
// replica has written it. A value belongs to one version of one record on one run of the server, so it is never stale. A
// value that is no longer used goes with its generation. After a restart the cache is dropped: the server may be a
// promoted standby that lacks a version.
type cache struct {
	mu         sync.Mutex
	server     time.Time // start time of the server
	young, old map[store.Key]cached
	bytes      int // of the young generation
}

type cached struct {
	born    int64
	version uint64
	rec     any
	bytes   int
	gone    bool // the record is deleted
}

// from reports whether the cached values are from the server that was started at this time. Otherwise it drops them, and
// the caller must drop the values that it took before.
func (c *cache) from(started time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server.Equal(started) {
		return true
	}
	empty := len(c.young)+len(c.old) == 0
	c.server, c.young, c.old, c.bytes = started, nil, nil, 0
	return empty
}

// get fills in the cached values of records.
func (c *cache) get(records []*locked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		known, ok := c.young[r.key]
		if !ok {
			if known, ok = c.old[r.key]; ok {
				c.put(r.key, known)
			}
		}
		r.cached = known
	}
}

// add caches the values of records.
func (c *cache) add(records []*locked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		switch {
		case r.cached.gone:
			c.drop(r.key)
		case r.cached.version > 0:
			c.put(r.key, r.cached)
		}
	}
}

// forget removes a deleted record.
func (c *cache) forget(k store.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(k)
}

func (c *cache) drop(k store.Key) {
	delete(c.young, k)
	delete(c.old, k)
}

func (c *cache) put(k store.Key, v cached) {
	if c.young == nil || c.bytes > cacheBytes/2 {
		c.old, c.young, c.bytes = c.young, make(map[store.Key]cached), 0
	}
	c.bytes += v.bytes - c.young[k].bytes
	c.young[k] = v
}
