package fault

import (
	"errors"
	"fmt"
	"slices"
)

// Path leads from a value to one of its parts. A step is the name of a field as the catalog spells it in YAML
// (stale_after), the key of a map, or the index in a list, from 0. The empty path is the value itself.
type Path []any

// Error is one fault of a value.
type Error struct {
	Path  Path
	Where string // the part in words, such as "level 2"; empty if Err names it
	Err   error
}

// Error implements error.
func (e *Error) Error() string { return Join(e.Where, e.Err.Error()) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Join joins where and text with a colon, or returns the other if one is empty.
func Join(where, text string) string {
	if where == "" || text == "" {
		return where + text
	}
	return where + ": " + text
}

// List collects the faults of one value.
type List []*Error

// Add adds a fault of the part at the path.
func (l *List) Add(path Path, format string, args ...any) {
	l.Note(path, fmt.Errorf(format, args...))
}

// Note is Add with an error.
func (l *List) Note(path Path, err error) { *l = append(*l, &Error{Path: path, Err: err}) }

// In adds the faults of the part at the path. where is the part in words.
func (l *List) In(path Path, where string, faults List) {
	for _, f := range faults {
		*l = append(*l, &Error{slices.Concat(path, f.Path), Join(where, f.Where), f.Err})
	}
}

// Err joins the faults, each an [*Error]. It returns nil for an empty list.
func (l List) Err() error {
	errs := make([]error, len(l))
	for i, f := range l {
		errs[i] = f
	}
	return errors.Join(errs...)
}

// Of splits joined errors into faults. An error that is no [*Error] becomes a fault of the value itself.
func Of(err error) List {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return List{e}
	case interface{ Unwrap() []error }:
		var all List
		for _, inner := range e.Unwrap() {
			all = append(all, Of(inner)...)
		}
		return all
	}
	return List{{Err: err}}
}
