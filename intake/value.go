package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxEvents are read from one body of small events, since each takes many times its size in memory.
const maxEvents = 10_000

// value is JSON as it was sent: numbers keep their text, and what a decoder would pass over in silence is told.
type value struct {
	of      any
	doubled bool // a name stands twice in one object, the last one counts
	mended  bool // bytes that are no UTF-8 were replaced
}

// readValue reads text, which is one value of at most maxDepth levels and nothing more.
func readValue(text []byte, maxDepth int) (value, error) {
	d := json.NewDecoder(&depthReader{r: bytes.NewReader(text), left: maxDepth})
	d.UseNumber()
	v := value{mended: !isText(text)}
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
		name, _ := t.(string) // the decoder takes nothing else for a name
		member, err := v.read(d)
		if err != nil {
			return nil, err
		}
		if _, there := members[name]; there {
			v.doubled = true
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

// isText reports whether everything in a JSON text is UTF-8, halves of surrogate pairs behind \u included, which the decoder
// replaces without a word.
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

// escaped reads the \u0000 that text begins with.
func escaped(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	r, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(r), err == nil
}

// atEnd says what stands behind a value where nothing may.
func atEnd(d *json.Decoder) error {
	switch _, err := d.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("more after the end, expected nothing")
	default:
		return err
	}
}

// located says where in a body the decoder stopped.
func located(d *json.Decoder, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("byte %d: ends too early", d.InputOffset())
	}
	if err != nil {
		return fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	return nil
}

// note counts what was odd about the values of one event.
func (b *batch) note(values ...value) {
	if slices.ContainsFunc(values, func(v value) bool { return v.doubled }) {
		b.doubled++
	}
	if slices.ContainsFunc(values, func(v value) bool { return v.mended }) {
		b.mended++
	}
}

// dataOf makes an event's data of whatever JSON was sent.
func dataOf(v any) map[string]any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return conceal(v).(map[string]any)
	}
	return map[string]any{"data": conceal(v)}
}

// conceal returns v with *** for members that are named like secrets.
func conceal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, member := range v {
			if isSecret(name) {
				members[name] = concealed
			} else {
				members[name] = conceal(member)
			}
		}
		return members
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = conceal(element)
		}
		return list
	}
	return v
}

// summaryOf finds the line for people in what applications call it; "" if there is none.
func summaryOf(v any) string {
	members, _ := v.(map[string]any)
	for _, name := range summaryNames() {
		if text, ok := members[name].(string); ok && text != "" {
			return text
		}
	}
	return ""
}

// summaryNames are the members and annotations that hold a line for people, the best first.
func summaryNames() [3]string { return [...]string{"summary", "title", "message"} }
