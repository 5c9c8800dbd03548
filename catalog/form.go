package catalog

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// form is the one description of how values of T stand in YAML: how they are read, written, and told to people.
type form[T any] struct {
	shape *shape
	read  func(d *decoder, n *yaml.Node, at *part, into *T)
	write func(v *T) (*yaml.Node, error)
}

// shape tells what a form looks like; errors and the JSON Schema for editors say the same.
type shape struct {
	kind    kind
	what    string       // with its article: a duration such as 5m
	words   []string     // the only values, where there are so few
	pattern string       // of a text: a regular expression which every value fits
	name    string       // of a mapping with fields, in the schema
	fields  []fieldShape // of a mapping with fields
	items   *shape       // of a list, or of a mapping by name
	either  []*shape     // of one that has several forms
	inline  bool         // is written on one line
	shared  bool         // at the top: several files may have it
}

type fieldShape struct {
	name, doc string
	shape     *shape
	required  bool
}

type kind string

const (
	ofFields kind = "object"
	byName   kind = "mapping"
	ofItems  kind = "list"
	ofText   kind = "text"
	ofNumber kind = "number"
	ofTruth  kind = "truth"
	ofEither kind = "either"
)

// field is one key of a mapping that stands for a T.
type field[T any] struct {
	fieldShape
	read  func(d *decoder, n *yaml.Node, at *part, into *T)
	write func(v *T) (*yaml.Node, error)
	empty func(v *T) bool
}

// key makes the field of T that get finds.
func key[T, F any](name, doc string, get func(*T) *F, f form[F]) field[T] {
	return field[T]{
		fieldShape: fieldShape{name: name, doc: doc, shape: f.shape},
		read:       func(d *decoder, n *yaml.Node, at *part, into *T) { f.read(d, n, at, get(into)) },
		write:      func(v *T) (*yaml.Node, error) { return f.write(get(v)) },
		empty: func(v *T) bool {
			value := reflect.ValueOf(get(v)).Elem()
			if k := value.Kind(); k == reflect.Map || k == reflect.Slice {
				return value.Len() == 0
			}
			return value.IsZero()
		},
	}
}

// needed is the field that must be there.
func needed[T any](f field[T]) field[T] {
	f.required = true
	return f
}

// mapping is the form of a struct.
func mapping[T any](name, what string, inline bool, fields ...field[T]) form[T] {
	s := &shape{kind: ofFields, name: name, what: what, inline: inline}
	for _, f := range fields {
		s.fields = append(s.fields, f.fieldShape)
	}
	return form[T]{
		shape: s,
		read: func(d *decoder, n *yaml.Node, at *part, into *T) {
			for p := range d.pairs(n, at, s, "") {
				i := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == p.name })
				switch {
				case i < 0 && p.at.broken: // is no name at all
				case i < 0:
					d.unknown(&p, at, s)
				case p.twice:
					fields[i].read(d, p.value, p.at, new(T))
				default:
					fields[i].read(d, p.value, p.at, into)
				}
			}
			d.missing(n, at, s)
		},
		write: func(v *T) (*yaml.Node, error) {
			n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: style(inline)}
			var errs []error
			for _, f := range fields {
				if f.empty(v) {
					continue
				}
				value, err := f.write(v)
				errs = append(errs, err)
				n.Content = append(n.Content, scalar("!!str", f.name), value)
			}
			return n, errors.Join(errs...)
		},
	}
}

// named is the form of a map; noun is what one of its entries is.
func named[K ~string, V any](noun string, of form[V]) form[map[K]V] {
	s := &shape{kind: byName, what: "a mapping of names to " + plural(noun), items: of.shape}
	return form[map[K]V]{
		shape: s,
		read: func(d *decoder, n *yaml.Node, at *part, into *map[K]V) {
			if *into == nil && len(n.Content) > 0 {
				*into = make(map[K]V, len(n.Content)/2)
			}
			for p := range d.pairs(n, at, s, noun) {
				var v V
				of.read(d, p.value, p.at, &v)
				if !p.twice {
					(*into)[K(p.name)] = v
				}
			}
		},
		write: func(v *map[K]V) (*yaml.Node, error) {
			n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			var errs []error
			for _, k := range sorted(*v) {
				entry := (*v)[K(k)]
				value, err := of.write(&entry)
				if err != nil {
					err = fmt.Errorf("%s %q: %w", noun, k, err)
				}
				errs = append(errs, err)
				n.Content = append(n.Content, scalar("!!str", k), value)
			}
			return n, errors.Join(errs...)
		},
	}
}

// keyed is the form of a map whose few keys are known; doc says what the value of a key means.
func keyed[M ~map[K]V, K comparable, V any](name, what string, inline bool, doc string, of form[V], keys ...K) form[M] {
	fields := make([]field[M], len(keys))
	for i, k := range keys {
		fields[i] = field[M]{
			fieldShape: fieldShape{name: fmt.Sprint(k), doc: fmt.Sprintf(doc, k), shape: of.shape},
			read: func(d *decoder, n *yaml.Node, at *part, into *M) {
				var v V
				if of.read(d, n, at, &v); at.broken {
					return
				}
				if *into == nil {
					*into = make(M)
				}
				(*into)[k] = v
			},
			write: func(m *M) (*yaml.Node, error) {
				v := (*m)[k]
				return of.write(&v)
			},
			empty: func(m *M) bool {
				_, ok := (*m)[k]
				return !ok
			},
		}
	}
	return mapping(name, what, inline, fields...)
}

// list is the form of a slice; noun is what one of its items is, "" where an error need not count them.
func list[E any](noun, what string, of form[E]) form[[]E] {
	return form[[]E]{
		shape: &shape{kind: ofItems, what: what, items: of.shape},
		read: func(d *decoder, n *yaml.Node, at *part, into *[]E) {
			if !d.expect(n, yaml.SequenceNode, at, what) {
				return
			}
			for _, item := range n.Content {
				var e E
				inner := at.part(strconv.Itoa(len(*into)))
				inner.noun, inner.index, inner.position = noun, len(*into)+1, d.position(item)
				of.read(d, item, inner, &e)
				if inner.broken && of.shape.kind == ofText { // so that nobody complains of the empty text
					inner.broken, at.partly = false, true
					continue
				}
				*into = append(*into, e)
			}
		},
		write: func(v *[]E) (*yaml.Node, error) {
			n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: style(of.shape.kind != ofFields)}
			var errs []error
			for i := range *v {
				item, err := of.write(&(*v)[i])
				if err != nil && noun != "" {
					err = fmt.Errorf("%s %d: %w", noun, i+1, err)
				}
				errs = append(errs, err)
				n.Content = append(n.Content, item)
			}
			return n, errors.Join(errs...)
		},
	}
}

// via is the form of a B that is read and written as an A.
func via[A, B any](of form[A], from func(b *B) (A, error), to func(d *decoder, at *part, a *A, into *B)) form[B] {
	return form[B]{
		shape: of.shape,
		read: func(d *decoder, n *yaml.Node, at *part, into *B) {
			var a A
			of.read(d, n, at, &a)
			to(d, at, &a, into)
		},
		write: func(b *B) (*yaml.Node, error) {
			a, err := from(b)
			if err != nil {
				return nil, err
			}
			return of.write(&a)
		},
	}
}

// optional is the form of a value that may be left out where its zero means something.
func optional[T any](of form[T]) form[*T] {
	return form[*T]{
		shape: of.shape,
		read: func(d *decoder, n *yaml.Node, at *part, into **T) {
			v := new(T)
			if of.read(d, n, at, v); !at.broken {
				*into = v
			}
		},
		write: func(v **T) (*yaml.Node, error) { return of.write(*v) },
	}
}

// text is the form of what stands in one scalar; parse and print are its only reader and writer. tag is that of the YAML
// scalar: !!str, !!int or !!bool.
func text[T any](s shape, tag string, parse func(string) (T, error), print func(T) string) form[T] {
	return form[T]{
		shape: &s,
		read: func(d *decoder, n *yaml.Node, at *part, into *T) {
			if !d.expect(n, yaml.ScalarNode, at, s.what) {
				return
			}
			v, err := parse(n.Value)
			if n.ShortTag() != tag || err != nil {
				d.fault(n, at, "found %s, expected %s%s", describe(n), s.what, suggest(n.Value, s.words))
				return
			}
			*into = v
		},
		write: func(v *T) (*yaml.Node, error) { return scalar(tag, print(*v)), nil },
	}
}

func scalar(tag, value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
	if tag == "!!str" && strings.ContainsAny(value, "\n\r\u0085\u2028\u2029") {
		n.Style = yaml.DoubleQuotedStyle // the one style that keeps every kind of line end
	}
	return n
}

func style(inline bool) yaml.Style {
	if inline {
		return yaml.FlowStyle
	}
	return 0
}

func plural(noun string) string {
	switch {
	case noun == "person":
		return "people"
	case strings.HasSuffix(noun, "s"):
		return noun + "es"
	case strings.HasSuffix(noun, "y"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}
