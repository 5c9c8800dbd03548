// Package severity holds levels. One comment stands for the whole group of constants.
package severity

// The severities, from bad to worse.
const (
	Error    = "error"
	Critical = "critical"
)

// Level is how bad it is.
type Level int

type hidden struct{}

func (hidden) String() string { return "nobody outside sees this method" }
