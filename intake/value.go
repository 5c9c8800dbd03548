package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxEvents limits the events of one body. A small event takes many times the memory of its text.
const maxEvents = 10_000

// value is a decoded JSON value. Numbers keep their text. It also reports two faults that encoding/json hides.
type value struct {
	of        any
	duplicate bool // a name appears twice in one object; the last one counts
	repaired  bool // invalid UTF-8 was replaced
}

// readValue decodes text, which must be one value of at most maxDepth levels.
func readValue(text []byte, maxDepth int) (value, error) {
	d := json.NewDecoder(&depthReader{r: bytes.NewReader(text), left: maxDepth})
	d.UseNumber()
	v := value{repaired: !isText(text)}
	var err error
	if v.of, err = v.read(d); err == nil {
		err = atEnd(d)
	}
	return v, located(d, err)
}

func (v *value) read(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return v.readObject(d)
	case json.Delim('['):
		return v.readList(d)
	}
	return t, nil
}

func (v *value) readObject(d *json.Decoder) (any, error) {
	members := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string) // the decoder accepts only strings as names
		member, err := v.read(d)
		if err != nil {
			return nil, err
		}
		if _, there := members[name]; there {
			v.duplicate = true
		}
		members[name] = member
	}
	_, err := d.Token()
	return members, err
}

func (v *value) readList(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		element, err := v.read(d)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	_, err := d.Token()
	return list, err
}

// isText reports whether a JSON text is valid UTF-8 and every \u surrogate has its pair. The decoder replaces invalid
// characters without an error.
func isText(text []byte) bool {
	for i := bytes.IndexByte(text, '\\'); i >= 0 && i+1 < len(text); {
		size := 2
		if r, ok := escaped(text[i:]); ok {
			size = 6
			if utf16.IsSurrogate(r) {
				low, _ := escaped(text[i+size:])
				if utf16.DecodeRune(r, low) == utf8.RuneError {
					return false
				}
				size = 12
			}
		}
		next := bytes.IndexByte(text[i+size:], '\\')
		if next < 0 {
			break
		}
		i += size + next
	}
	return utf8.Valid(text)
}

// escaped decodes the \u0000 escape at the start of text.
func escaped(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	r, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(r), err == nil
}

// atEnd returns an error if the body goes on after its value.
func atEnd(d *json.Decoder) error {
	switch _, err := d.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("data after the end of the value")
	default:
		return err
	}
}

// located adds the byte offset at which the decoder stopped.
func located(d *json.Decoder, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("byte %d: ends too early", d.InputOffset())
	}
	if err != nil {
		return fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	return nil
}

// note counts an event with duplicate names or repaired characters in its values.
func (b *batch) note(values ...value) {
	if slices.ContainsFunc(values, func(v value) bool { return v.duplicate }) {
		b.duplicate++
	}
	if slices.ContainsFunc(values, func(v value) bool { return v.repaired }) {
		b.repaired++
	}
}

// dataOf returns v as event data. A value that is no object becomes the member "data".
func dataOf(v any) map[string]any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return v
	}
	return map[string]any{"data": v}
}

// summaryOf returns the first text of summary, title and message, else the first line of description, "" if there is none.
func summaryOf(text func(name string) string) string {
	for _, name := range [...]string{"summary", "title", "message"} {
		if s := text(name); s != "" {
			return s
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(text("description")), "\n")
	return strings.TrimSpace(first)
}
