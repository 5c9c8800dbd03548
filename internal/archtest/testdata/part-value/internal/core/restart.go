package core

// again names a function that stands in a variable.
func again(u *unit) { restart(u) }
