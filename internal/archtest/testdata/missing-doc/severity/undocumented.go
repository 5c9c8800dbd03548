package severity

// The method below is exported and so is its receiver.

//nolint:revive // a directive is no comment
func (l *Level) Worse(than Level) bool { return *l > than }
