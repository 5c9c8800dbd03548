package core

import "time"

// alerts is a part. Its state has a method of the same name as the state of groups.
type alerts struct{}

// rule is a type, which any file may name.
type rule func(*unit) bool

type alertsState struct {
	count int
	until time.Time
}

func (s *alertsState) reset() { s.count = 0 }

func (s *alertsState) fold() int { s.count++; return s.count }

func (alerts) due(u *unit) (time.Time, bool) { return u.alerts.until, u.alerts.count > 0 }

func (alerts) act(_ *turn, u *unit, _ time.Time) bool {
	u.alerts.reset()
	return true
}

func (alerts) hear(t *turn, u *unit, _ time.Time, f fact) bool {
	if f == "repeated" && u.alerts.fold() == 1 {
		t.tell("opened")
	}
	return true
}

func (alerts) explain(*unit) string { return "alerts" }

func acknowledge(u *unit) { u.alerts.reset() }
