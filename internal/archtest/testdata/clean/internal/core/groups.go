package core

import "time"

// groups is a part that is used by its pointer.
type groups struct{}

type groupsState struct {
	open  bool
	rules []rule
}

func (s *groupsState) reset() { s.open = false }

func (*groups) due(*unit) (time.Time, bool) { return time.Time{}, false }

func (*groups) act(*turn, *unit, time.Time) bool { return true }

func (*groups) hear(_ *turn, u *unit, _ time.Time, f fact) bool {
	if u.groups.reset(); f == "opened" {
		u.groups.open = true
	}
	return true
}

func newGroup() any { return &groupsState{} }
