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
	if err := CheckNames(c.Key.Tenant, c.Key.Kind, c.Key.ID, c.State); err != nil {
		return err
	}
	switch {
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
	}
	for i := range c.Refs {
		if err := CheckNames(c.Refs[i].Tenant, c.Refs[i].Kind, c.Refs[i].Name); err != nil {
			return err
		}
	}
	for i := range c.Entries {
		if err := CheckNames(c.Entries[i].Kind); err != nil {
			return err
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
	case t.Lease != nil && CheckNames(t.Lease.Owner) != nil:
		return CheckNames(t.Lease.Owner)
	}
	return CheckNames(t.ID, t.Record.Tenant, t.Record.Kind, t.Record.ID, t.Queue, t.Order, t.Tag, t.Kind)
}

// CheckNames returns an error that wraps ErrData if one of the names is not valid UTF-8, or holds a zero byte. Some databases have no
// such text.
func CheckNames(names ...string) error {
	for _, s := range names {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return fault("%.255q is no text", s)
		}
	}
	return nil
}

func fault(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrData}, args...)...)
}
