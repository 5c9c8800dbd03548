// Package route is the only one that evaluates rules, and the only one that shows a Table.
package route

import (
	"regexp"

	"cel.dev/cel-go/cel"
)

// Table is a set of compiled rules.
type Table[T any] struct {
	env     *cel.Env
	pattern *regexp.Regexp
	then    []T
}

// Join puts two tables together.
func Join[T any](a, b *Table[T]) *Table[T] {
	return &Table[T]{env: a.env, pattern: b.pattern, then: append(a.then, b.then...)}
}
