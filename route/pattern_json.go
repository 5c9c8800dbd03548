package route

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonNode is a JSON value with its position. value is set for a scalar, members for an object, elements for an array.
type jsonNode struct {
	kind     jsonKind
	value    scalar
	members  []jsonMember
	elements []*jsonNode
	path     string // from the root, such as detail.state[0]
	place    int    // offset of its first byte, or the id of its CEL expression
}

type jsonKind uint8

const (
	jsonScalar jsonKind = iota
	jsonArray
	jsonObject
)

type jsonMember struct {
	name  string
	value *jsonNode
}

// what describes a node in error messages.
func (n *jsonNode) what() string {
	switch n.kind {
	case jsonArray:
		return "an array"
	case jsonObject:
		return "an object"
	}
	return n.value.what()
}

// jsonReader decodes a text into nodes. Unlike most decoders it refuses duplicate names.
type jsonReader struct {
	text   []byte
	dec    *json.Decoder
	faults *patternFaults
}

// errJSON stops decoding after a reported fault.
var errJSON = errors.New("cannot be read")

func readJSON(text []byte, faults *patternFaults) (*jsonNode, error) {
	if !utf8.Valid(text) {
		faults.add(&jsonNode{}, "not valid UTF-8")
		return nil, errJSON
	}
	r := jsonReader{text: text, dec: json.NewDecoder(bytes.NewReader(text)), faults: faults}
	r.dec.UseNumber()
	root, err := r.node("", 0)
	if err != nil {
		return nil, err
	}
	end := &jsonNode{place: r.next()}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, r.fail(end, "more text after the pattern")
	}
	return root, nil
}

// next returns the offset of the next token.
func (r *jsonReader) next() int {
	at := int(r.dec.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

func (r *jsonReader) fail(at *jsonNode, format string, args ...any) error {
	r.faults.add(at, format, args...)
	return errJSON
}

func (r *jsonReader) token(at *jsonNode) (json.Token, error) {
	tok, err := r.dec.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, r.fail(at, "not JSON: %v", syntax)
	case err != nil:
		return nil, r.fail(at, "not JSON: ends too early")
	}
	return tok, nil
}

func (r *jsonReader) node(path string, depth int) (*jsonNode, error) {
	n := &jsonNode{path: path, place: r.next()}
	if depth > maxPatternDepth {
		return nil, r.fail(n, "nested deeper than %d", maxPatternDepth)
	}
	tok, err := r.token(n)
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		n.kind = jsonObject
		return n, r.object(n, depth)
	case json.Delim('['):
		n.kind = jsonArray
		return n, r.array(n, depth)
	}
	n.value = scalarOf(tok)
	if n.value.kind == otherScalar {
		return nil, r.fail(n, "%v is too large a number", tok)
	}
	return n, nil
}

func (r *jsonReader) object(n *jsonNode, depth int) error {
	seen := map[string]bool{}
	for r.dec.More() {
		name := &jsonNode{path: n.path, place: r.next()}
		tok, err := r.token(name)
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok {
			return r.fail(name, "not JSON: expected a name")
		}
		name.path = memberPath(n.path, key)
		if seen[key] {
			r.faults.add(name, "is there twice")
		}
		seen[key] = true
		inner, err := r.node(name.path, depth+1)
		if err != nil {
			return err
		}
		n.members = append(n.members, jsonMember{key, inner})
	}
	_, err := r.token(&jsonNode{path: n.path, place: r.next()})
	return err
}

func (r *jsonReader) array(n *jsonNode, depth int) error {
	for r.dec.More() {
		inner, err := r.node(fmt.Sprintf("%s[%d]", n.path, len(n.elements)), depth+1)
		if err != nil {
			return err
		}
		n.elements = append(n.elements, inner)
	}
	_, err := r.token(&jsonNode{path: n.path, place: r.next()})
	return err
}

// memberPath appends a name to a path, quoted if it is no identifier.
func memberPath(path, name string) string {
	switch {
	case name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < '!' || strings.ContainsRune(".[]\"", r) }):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// String returns the node in a form that is both JSON and CEL.
func (n *jsonNode) String() string {
	var parts []string
	switch n.kind {
	case jsonArray:
		for _, e := range n.elements {
			parts = append(parts, e.String())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case jsonObject:
		for _, m := range n.members {
			parts = append(parts, quoted(m.name)+": "+m.value.String())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return n.value.String()
}

// patternFaults collects the faults of a pattern.
type patternFaults []patternFault

type patternFault struct {
	at      *jsonNode
	message string
}

func (f *patternFaults) add(at *jsonNode, format string, args ...any) {
	*f = append(*f, patternFault{at, fmt.Sprintf(format, args...)})
}

// in returns the faults as errors with line and column in text.
func (f patternFaults) in(text []byte) error {
	var errs []error
	for _, fault := range f {
		where := fault.at.path
		if where != "" {
			where += ", "
		}
		before := text[:min(fault.at.place, len(text))]
		line := bytes.Count(before, []byte("\n")) + 1
		col := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
		errs = append(errs, fmt.Errorf("route: event pattern: %sline %d, column %d: %s", where, line, col, fault.message))
	}
	return errors.Join(errs...)
}
