package core

// later leaves the work to nobody.
func later(work func()) {
	go work()
}
