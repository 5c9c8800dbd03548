package catalog

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// decoder reads the documents of a catalog, and goes on after every fault.
type decoder struct {
	sections sections
	file     string
	lines    []string // of the file
	whole    *part
	errs     []*FileError
	zones    map[string]*time.Location
}

func (d *decoder) position(n *yaml.Node) position { return position{d.file, n.Line, n.Column} }

// fault notes that what stands at n is wrong.
func (d *decoder) fault(n *yaml.Node, at *part, format string, args ...any) {
	at.broken = true
	d.add(d.position(n), at, format, args...)
}

// add notes a fault of the part. The whole has no name to put before the text.
func (d *decoder) add(where position, at *part, format string, args ...any) {
	err := errors.New(fault.Join(at.String(), fmt.Sprintf(format, args...)))
	d.errs = append(d.errs, &FileError{where.file, where.line, where.column, err})
}

// expect holds that n is of the kind, and that it is neither an anchor nor of a type of its own.
func (d *decoder) expect(n *yaml.Node, kind yaml.Kind, at *part, what string) bool {
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
	at         *part
	twice      bool // it is a repeat, to be checked and not to be kept
}

// pairs iterates over a mapping of the shape: with its fields, or with entries, which are called noun. Keys that come twice are
// faults, and so are those that are no text.
func (d *decoder) pairs(n *yaml.Node, at *part, s *shape, noun string) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		if !d.expect(n, yaml.MappingNode, at, s.what) {
			return
		}
		for i := 0; i < len(n.Content); i += 2 {
			p := pair{name: n.Content[i].Value, key: n.Content[i], value: n.Content[i+1]}
			p.at = at.part(p.name)
			p.at.noun, p.at.name = noun, p.name
			named := p.key.Kind == yaml.ScalarNode && p.key.ShortTag() == "!!str" && p.key.Anchor == "" && printable(p.name)
			if !named {
				d.add(d.position(p.key), at, "found %s as a name, expected a text of one line, in quotes if need be", describe(p.key))
			}
			d.enter(&p, at, s)
			p.at.broken = p.at.broken || !named
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

// enter records where a pair stands, and reports one whose key was there before at both places. Files share the lists and
// the mappings of names at the top, and each may say the version.
func (d *decoder) enter(p *pair, at *part, s *shape) {
	here := d.position(p.key)
	if p.value.Kind == yaml.ScalarNode && p.value.ShortTag() != "!!null" {
		here = d.position(p.value)
	}
	first := p.at
	switch {
	case first.line == 0:
		first.position = here
		return
	case at.up == nil && first.file != d.file && s.mayShare(p.name):
		return
	}
	d.add(here, first, "is there twice, the other time at %v, expected it once", first.position)
	if !first.repeated {
		first.repeated = true
		d.add(first.position, first, "is there twice, the other time at %v, expected it once", here)
	}
	p.twice = true
	p.at = &part{up: at, noun: first.noun, name: first.name, position: here} // nothing of the first is overwritten
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

// unknown reports a key that the shape lacks. Of a section that is perhaps misspelt nobody complains that something is
// missing in it.
func (d *decoder) unknown(p *pair, at *part, s *shape) {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	d.add(d.position(p.key), at, "field %q is unknown, expected one of %s%s", p.name, strings.Join(names, ", "), suggest(p.name, names))
	if at.up != nil {
		return
	}
	if meant := nearest(p.name, names); meant != "" {
		at = at.part(meant)
	}
	at.broken = true
}

// missing reports the fields that must be there and are not.
func (d *decoder) missing(n *yaml.Node, at *part, s *shape) {
	for _, f := range s.fields {
		if !f.required || at.broken || at.part(f.name).line > 0 {
			continue
		}
		at.part(f.name).broken = true
		d.add(d.position(n), at, "%s is missing, expected %s", f.name, f.shape.what)
	}
}
