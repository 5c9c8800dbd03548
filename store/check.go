package store

import (
	"errors"
	"fmt"
)

// Kinds under which Read shows tasks and rows of the input log. No record may have one of these kinds.
const (
	KindTask = "task"
	KindLog  = "log"
)

// MaxRefs is how many refs one record may publish.
const MaxRefs = 16

// Check returns an error if the Change breaks its contract, as far as this shows without looking at stored records. For a
// deletion (Rec is nil) it returns nil. Stores call it for every Change of a Batch.
func (c *Change) Check() error {
	switch {
	case c.Rec == nil:
		return nil
	case c.Key.Kind == KindTask || c.Key.Kind == KindLog:
		return fmt.Errorf("kind %q is the store's own", c.Key.Kind)
	case c.Priority > 5:
		return fmt.Errorf("priority %d, want 1 to 5", c.Priority)
	case c.Priority == 0 && !c.Due.IsZero():
		return errors.New("due without a priority")
	case len(c.Refs) > MaxRefs:
		return fmt.Errorf("%d refs, at most %d", len(c.Refs), MaxRefs)
	}
	return nil
}

// Check returns an error if a new task breaks its contract, as far as this shows without looking at stored tasks. Stores
// call it for every Task of a Batch.
func (t *Task) Check() error {
	switch {
	case t.ID == "":
		return errors.New("no id")
	case t.Priority < 1 || t.Priority > 5:
		return fmt.Errorf("priority %d, want 1 to 5", t.Priority)
	case t.Due.IsZero():
		return errors.New("no due")
	}
	return nil
}
