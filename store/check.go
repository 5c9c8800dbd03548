package store

import (
	"errors"
	"fmt"
)

// Kinds under which tasks and the input log are read. No record may have one of them.
const (
	KindTask = "task"
	KindLog  = "log"
)

// MaxRefs is how many refs a record may publish.
const MaxRefs = 16

// Check reports what the Change breaks of its contract by itself, whatever is stored. One that deletes breaks nothing.
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

// Check reports what a new task breaks of its contract by itself, whatever is stored.
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
