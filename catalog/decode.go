package catalog

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// decoder reads the documents of a catalog, and goes on after every fault.
type decoder struct {
	file   string
	lines  []string // of the file
	places *places
	errs   []*FileError
	// broken holds the paths of what could not be read at all, partly those of lists that lack an item, so that nobody
	// complains of what is missing there.
	broken, partly map[string]bool
	repeated       map[string]bool // paths that come twice
	zones          map[string]*time.Location
}

// place is where the decoder stands: at a field (noun empty), a named entry or an item of a list.
type place struct {
	up    *place
	path  string
	noun  string
	name  string
	index int
}

// String names the place for people: service "checkout": tier.
func (p *place) String() string {
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

func (d *decoder) position(n *yaml.Node) position { return position{d.file, n.Line, n.Column} }

// fault notes that what stands at n is wrong.
func (d *decoder) fault(n *yaml.Node, at *place, format string, args ...any) {
	d.broken[at.path] = true
	d.add(d.position(n), inside(at, format, args...))
}

func (d *decoder) add(at position, text string) {
	d.errs = append(d.errs, &FileError{at.file, at.line, at.column, errors.New(text)})
}

// expect holds that n is of the kind, and that it is neither an anchor nor of a type of its own.
func (d *decoder) expect(n *yaml.Node, kind yaml.Kind, at *place, what string) bool {
	if n.Kind != kind || kind != yaml.ScalarNode && n.ShortTag() != "!!map" && n.ShortTag() != "!!seq" {
		d.fault(n, at, "found %s, expected %s", describe(n), what)
		return false
	}
	if n.Anchor != "" {
		d.fault(n, at, "found the anchor &%s, expected %s: a catalog has no anchors", n.Anchor, what)
		return false
	}
	return true
}

// describe says what n is.
func describe(n *yaml.Node) string {
	tag := n.ShortTag()
	switch {
	case n.Kind == yaml.AliasNode:
		return "the alias *" + n.Value
	case n.Kind == yaml.ScalarNode && tag == "!!str":
		return fmt.Sprintf("%q", n.Value)
	case n.Kind == yaml.ScalarNode && tag == "!!null":
		return "nothing"
	case tag == "!!int" || tag == "!!float":
		return "the number " + n.Value
	case tag == "!!bool":
		return n.Value + " without quotes"
	case tag == "!!timestamp":
		return "the date " + n.Value
	case tag == "!!map":
		return "a mapping"
	case tag == "!!seq":
		return "a list"
	}
	return "something of type " + tag
}

// pair is one key of a mapping with its value.
type pair struct {
	name       string
	key, value *yaml.Node
	at         *place
	twice      bool // is a repeat, to be looked at and not to be kept
}

// pairs iterates over a mapping of the shape: with its fields, or where noun says what they are, with named entries. Keys
// that come twice are faults, and so are those that are no text.
func (d *decoder) pairs(n *yaml.Node, at *place, s *shape, noun string) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		if !d.expect(n, yaml.MappingNode, at, s.what) {
			return
		}
		for i := 0; i < len(n.Content); i += 2 {
			p := pair{name: n.Content[i].Value, key: n.Content[i], value: n.Content[i+1]}
			p.at = &place{up: at, path: p.name, noun: noun, name: p.name}
			if at.path != "" {
				p.at.path = at.path + separator + p.name
			}
			if p.key.Kind != yaml.ScalarNode || p.key.ShortTag() != "!!str" || p.key.Anchor != "" || !printable(p.name) {
				d.add(d.position(p.key), inside(at, "found %s as a name, expected a text of one line, in quotes if need be",
					describe(p.key)))
				d.broken[p.at.path] = true
			}
			p.twice = d.twice(&p, at, s)
			if !yield(p) {
				return
			}
		}
	}
}

// printable reports whether a name can stand in a message.
func printable(name string) bool {
	return name != "" && !strings.ContainsFunc(name, unicode.IsControl)
}

// inside puts the place before a text.
func inside(at *place, format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	if where := at.String(); where != "" {
		return where + ": " + text
	}
	return text
}

// twice records where a pair stands, and reports one whose key was there before at both places. Files share the lists and
// the mappings of names at the top, and each may say the version.
func (d *decoder) twice(p *pair, at *place, s *shape) bool {
	here := d.position(p.key)
	if p.value.Kind == yaml.ScalarNode && p.value.ShortTag() != "!!null" {
		here = d.position(p.value)
	}
	first, again := d.places.parts[p.at.path]
	if again && at.path == "" && first.file != d.file && s.mayShare(p.name) {
		return false
	}
	if again {
		d.add(here, inside(p.at, "is there twice, the other time at %v, expected it once", first))
		if !d.repeated[p.at.path] {
			d.repeated[p.at.path] = true
			d.add(first, inside(p.at, "is there twice, the other time at %v, expected it once", here))
		}
		p.at.path += separator + here.String() // so that nothing of the first is overwritten
	}
	d.places.parts[p.at.path] = here
	return again
}

// mayShare reports whether several files may have the field of the top.
func (s *shape) mayShare(name string) bool {
	for _, f := range s.fields {
		if f.name == name {
			return f.shape.kind == byName || f.shape.kind == ofItems || f.shape.shared
		}
	}
	return false
}

// unknown reports a key that the shape lacks.
func (d *decoder) unknown(p *pair, at *place, s *shape) {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	d.add(d.position(p.key), inside(at, "field %q is unknown, expected one of %s%s",
		p.name, strings.Join(names, ", "), suggest(p.name, names)))
	if at.path == "" {
		d.broken[nearest(p.name, names)] = true // nobody complains of what may be in there
	}
}

// missing reports the fields that must be there and are not.
func (d *decoder) missing(n *yaml.Node, at *place, s *shape) {
	for _, f := range s.fields {
		if !f.required || d.broken[at.path] {
			continue
		}
		where := at.path + separator + f.name
		if _, ok := d.places.parts[where]; ok {
			continue
		}
		d.broken[where] = true
		d.add(d.position(n), inside(at, "%s is missing, expected %s", f.name, f.shape.what))
	}
}
