package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// FileError is one fault of a catalog in YAML, at the place where it stands. The error of [Load] joins one for each fault.
type FileError struct {
	File         string
	Line, Column int   // from 1
	Err          error // what was found, and what was expected
}

// Error implements error.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s: %v", position{e.File, e.Line, e.Column}, e.Err)
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// position is a place in a file.
type position struct {
	file         string
	line, column int
}

// String writes p as editors and compilers do.
func (p position) String() string { return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.column) }

func (p position) compare(q position) int {
	return cmp.Or(strings.Compare(p.file, q.file), p.line-q.line, p.column-q.column)
}

// places knows where the parts of a catalog stand in its files. A nil one knows nothing: the catalog was written in Go.
type places struct {
	parts map[string]position // by path
	rules map[string]*expression
}

// separator divides the steps of a path; no text of YAML holds it.
const separator = "\x00"

// path names a part of a catalog: the keys and indexes that lead to it.
func path(steps ...any) string {
	text := make([]string, len(steps))
	for i, s := range steps {
		text[i] = fmt.Sprint(s)
	}
	return strings.Join(text, separator)
}

// above returns the path without its last step; false at the top.
func above(path string) (string, bool) {
	i := strings.LastIndex(path, separator)
	if i < 0 {
		return "", path != ""
	}
	return path[:i], true
}

// find returns where the part stands, or else the nearest part around it that is there.
func (ps *places) find(path string) (position, bool) {
	if ps == nil {
		return position{}, false
	}
	for more := true; more; path, more = above(path) {
		if at, ok := ps.parts[path]; ok {
			return at, true
		}
	}
	return position{}, false
}

// expression returns where a character of a rule's expression stands; false if it came from Go or the place has no line.
func (ps *places) expression(path string, line, column int) (position, bool) {
	if ps == nil || ps.rules[path] == nil || line < 1 {
		return position{}, false
	}
	return ps.rules[path].position(line, column), true
}

// sortErrors puts faults in the order of the files.
func sortErrors(errs []*FileError) {
	slices.SortStableFunc(errs, func(a, b *FileError) int {
		return position{a.File, a.Line, a.Column}.compare(position{b.File, b.Line, b.Column})
	})
}
