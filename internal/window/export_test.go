package window

// Size returns the number of entries.
func (l *Log) Size() int { return len(l.passed) }
