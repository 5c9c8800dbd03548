package catalog

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
)

// Bounds of what is recalled. Beyond mostRecalled all is forgotten, and learnt anew.
const (
	mostRecalled  = 4096
	longestFacts  = 1024 // bytes of one key
	usualKeySpace = 256
)

// recall holds assessments by all that decides them, byte for byte, so that an event which differs from an earlier one in
// nothing of that is not put to the rules again. It is a saving and nothing else: what it returns is what would be found anew.
type recall struct {
	fields []string // of events, by which some plan groups
	mu     sync.RWMutex
	known  map[string]*Assessment
	spare  sync.Pool // of questions
}

// question is what one event needs while it is assessed.
type question struct {
	facts route.Facts
	key   []byte
}

func newRecall(plans map[string]Plan) *recall {
	r := &recall{known: make(map[string]*Assessment)}
	for _, p := range plans {
		for _, by := range p.Group.By {
			if by != "class" && by != "service" && !slices.Contains(r.fields, by) {
				r.fields = append(r.fields, by)
			}
		}
	}
	return r
}

func (r *recall) ask() *question {
	if q, ok := r.spare.Get().(*question); ok {
		return q
	}
	return &question{key: make([]byte, 0, usualKeySpace)}
}

func (r *recall) release(q *question) {
	q.facts, q.key = route.Facts{}, q.key[:0]
	r.spare.Put(q)
}

func (r *recall) find(key []byte) *Assessment {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[string(key)]
}

func (r *recall) keep(key []byte, a *Assessment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= mostRecalled {
		clear(r.known)
	}
	r.known[string(key)] = a
}

// fold makes the key of an event, and reports false if none can be made: a rule reads what differs in every event, or too
// much of it. Findings have none, since their groups go by subject.
func (c *Compiled) fold(q *question, class *event.Class) bool {
	e := q.facts.Event
	if event.IsFinding(e.Type) {
		return false
	}
	key := append(q.key[:0], byte(e.Severity))
	key = appendText(appendText(appendText(key, e.Type), q.facts.Team.Name), q.facts.Service.Name)
	for _, path := range c.recall.fields {
		value, _ := e.Field(path)
		key = appendText(key, value)
	}
	for _, path := range class.Require {
		if value, _ := e.Field(path); value == "" {
			key = append(key, 0)
		} else {
			key = append(key, 1)
		}
	}
	key, ok := c.impact.AppendFingerprint(key, &q.facts)
	if ok {
		key, ok = c.routes.AppendFingerprint(key, &q.facts)
	}
	q.key = key
	return ok && len(key) <= longestFacts
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
