package store

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kinds under which Read shows tasks and rows of the input log. No record may have one of these kinds.
const (
	KindTask = "task"
	KindLog  = "log"
)

// MaxRefs is how many refs one record may publish.
const MaxRefs = 16

// Check returns an error that wraps ErrData if the Change breaks its contract, as far as this shows without looking at stored
// records. Of a deletion (Rec is nil) only the key counts. Stores call it for every Change of a Batch.
func (c *Change) Check() error {
	switch {
	case odd(c.Key.Tenant, c.Key.Kind, c.Key.ID):
		return fault("a key that is no text")
	case c.Rec == nil:
		return nil
	case c.Key.Kind == KindTask || c.Key.Kind == KindLog:
		return fault("kind %q is the store's own", c.Key.Kind)
	case c.Priority > 5:
		return fault("priority %d, want 1 to 5", c.Priority)
	case c.Priority == 0 && !c.Due.IsZero():
		return fault("due without a priority")
	case len(c.Refs) > MaxRefs:
		return fault("%d refs, at most %d", len(c.Refs), MaxRefs)
	case odd(c.State):
		return fault("state %q is no text", c.State)
	}
	for i := range c.Refs {
		if r := &c.Refs[i]; odd(r.Tenant, r.Kind, r.Name) {
			return fault("ref %q is no text", *r)
		}
	}
	for i := range c.Entries {
		if e := &c.Entries[i]; odd(e.Kind) {
			return fault("kind %q of entry %d is no text", e.Kind, e.Seq)
		}
	}
	return nil
}

// Check returns an error that wraps ErrData if a new task breaks its contract, as far as this shows without looking at stored
// tasks. Stores call it for every Task of a Batch.
func (t *Task) Check() error {
	switch {
	case t.ID == "":
		return fault("no id")
	case t.Priority < 1 || t.Priority > 5:
		return fault("priority %d, want 1 to 5", t.Priority)
	case t.Due.IsZero():
		return fault("no due")
	case odd(t.ID, t.Record.Tenant, t.Record.Kind, t.Record.ID, t.Queue, t.Order, t.Tag, t.Kind), t.Lease != nil && odd(t.Lease.Owner):
		return fault("a name that is no text")
	}
	return nil
}

// odd reports whether one of the names is not valid UTF-8, or holds a zero byte. Some databases have no such text.
func odd(names ...string) bool {
	for _, s := range names {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return true
		}
	}
	return false
}

func fault(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrData}, args...)...)
}
