package postgres

import (
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// cacheBytes bounds the documents whose values are cached, in two generations.
const cacheBytes = 64 << 20

// cache holds the values of records that were read or written lately, so that the database sends a document only if another
// replica has written it. A value is that of one version of one record on one run of the server, so none is ever wrong: what has
// become useless is not asked for, and goes with its generation. Another run may be of a standby that lacked a version.
type cache struct {
	mu         sync.Mutex
	server     time.Time // when it was started
	young, old map[store.Key]cached
	bytes      int // of young
}

type cached struct {
	born    int64
	version uint64
	rec     any
	bytes   int
	gone    bool // the record is deleted
}

// from reports whether the values are of the server that was started then. Else they are forgotten, and what was taken from them
// must be as well.
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

// get looks up what is known of records.
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

// add takes over what is cached of records.
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

// forget lets go of a record that is gone.
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
