package core

// forget is of no part's file and may not name a part's function either.
func forget(u *unit) { acknowledge(u) }
