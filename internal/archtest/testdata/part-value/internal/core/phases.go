package core

import "time"

type phases struct{ alerts }

var restart = func(*unit) {}

func (phases) act(_ *turn, u *unit, _ time.Time) bool { restart(u); return true }
