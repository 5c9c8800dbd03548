package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// FileError is one fault of a catalog in YAML. The error of [Load] joins one for each fault.
type FileError struct {
	File         string // its path in the file system that Load was given
	Line, Column int    // from 1; a column counts characters
	Err          error  // what is wrong, and what was expected
}

// Error returns the fault as compilers write it: FILE:LINE:COLUMN: what is wrong.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s: %v", position{e.File, e.Line, e.Column}, e.Err)
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// position is a place in a file. Line 0 is none.
type position struct {
	file         string
	line, column int
}

func (p position) String() string { return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.column) }

func (p position) compare(q position) int {
	return cmp.Or(strings.Compare(p.file, q.file), p.line-q.line, p.column-q.column)
}

// sortErrors puts faults in the order of the files.
func sortErrors(errs []*FileError) {
	slices.SortStableFunc(errs, func(a, b *FileError) int {
		return position{a.File, a.Line, a.Column}.compare(position{b.File, b.Line, b.Column})
	})
}

// part is a part of a catalog in YAML: the whole, a section, an entry, a field or an item of a list. It knows where it stands
// and what became of it when it was read.
type part struct {
	up    *part            // nil: it is the whole
	parts map[string]*part // by name, or by index from 0
	noun  string           // what a named entry or an item is called; empty: it is a field
	name  string
	index int // of an item, from 1

	position             // line 0: no file has it
	rule     *expression // of a rule, its text
	broken   bool        // it could not be read, so that nobody complains of what is missing in it
	partly   bool        // an item of the list could not be read
	repeated bool        // the first of two has been reported
}

// part returns a part of p by its name or index.
func (p *part) part(step string) *part {
	inner := p.parts[step]
	if inner == nil {
		if p.parts == nil {
			p.parts = make(map[string]*part)
		}
		inner = &part{up: p}
		p.parts[step] = inner
	}
	return inner
}

// along returns p and the parts that the path leads through, as far as the files have them. A nil p has none: the catalog was
// written in Go.
func (p *part) along(path fault.Path) []*part {
	if p == nil {
		return nil
	}
	all := []*part{p}
	for _, step := range path {
		if p = p.parts[fmt.Sprint(step)]; p == nil {
			break
		}
		all = append(all, p)
	}
	return all
}

// find returns the position of the part at the path, or of the nearest part around it that stands in a file.
func (p *part) find(path fault.Path) (at position) {
	for _, inner := range p.along(path) {
		if inner.line > 0 {
			at = inner.position
		}
	}
	return at
}

// String names the part for people: service "checkout": tier.
func (p *part) String() string {
	var steps []string
	named := false // the step within goes by a noun, so that the field around it goes without saying
	for ; p != nil; p = p.up {
		switch {
		case p.noun != "" && p.index > 0:
			steps = append(steps, fmt.Sprintf("%s %d", p.noun, p.index))
		case p.noun != "":
			steps = append(steps, fmt.Sprintf("%s %q", p.noun, p.name))
		case p.name != "" && !named:
			steps = append(steps, p.name)
		}
		named = p.noun != ""
	}
	slices.Reverse(steps)
	return strings.Join(steps, ": ")
}
