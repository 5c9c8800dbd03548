package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const maxNumber = 1 << 10 // bytes of a number in Data

// UnifyNumbers gives the numbers of Data their one form: a [json.Number], as the sender wrote it, or as encoding/json writes a
// number of Go. To a rule every number is a double, and [Event.Field] returns one text for it, so neither depends on the way by
// which an event came. UnifyNumbers copies the maps and lists that it changes. Submit calls it, and decoding an event from JSON
// has the same result.
func (e *Event) UnifyNumbers() {
	if data, changed := unified(e.Data, 0); changed {
		e.Data = data.(map[string]any)
	}
}

// unified returns a copy of v with numbers in their one form, or false if they all have it.
func unified(v any, depth int) (any, bool) {
	if depth > maxDepth {
		return nil, false
	}
	switch v := v.(type) {
	case map[string]any:
		return unifiedMap(v, depth)
	case []any:
		return unifiedList(v, depth)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		text, err := json.Marshal(v)
		return json.Number(text), err == nil // Check refuses what JSON cannot say
	}
	return nil, false
}

func unifiedMap(of map[string]any, depth int) (any, bool) {
	var all map[string]any
	for name, inner := range of {
		if u, changed := unified(inner, depth+1); changed {
			if all == nil {
				all = maps.Clone(of)
			}
			all[name] = u
		}
	}
	return all, all != nil
}

func unifiedList(of []any, depth int) (any, bool) {
	var all []any
	for i, inner := range of {
		if u, changed := unified(inner, depth+1); changed {
			if all == nil {
				all = slices.Clone(of)
			}
			all[i] = u
		}
	}
	return all, all != nil
}

// UnmarshalJSON implements [json.Unmarshaler]. It keeps the numbers of Data as they are written.
func (e *Event) UnmarshalJSON(text []byte) error {
	type plain Event
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode((*plain)(e))
}

// numberFault returns why Data cannot hold a number.
func numberFault(n json.Number) string {
	text := string(n)
	if len(text) > maxNumber {
		return fmt.Sprintf("a number of %d bytes, expected at most %d", len(text), maxNumber)
	}
	if !isNumber(text) {
		return fmt.Sprintf("%.40q is no number of JSON", text)
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	if d, err := strconv.ParseFloat(text, 64); err != nil || d == 0 && strings.Trim(mantissa, "-0.") != "" {
		return fmt.Sprintf("%.40s is out of range, expected 0 or a size from 5e-324 to 1.8e308", text)
	}
	return ""
}

func isNumber(s string) bool {
	digits := func() int {
		n := len(s) - len(strings.TrimLeft(s, "0123456789"))
		s = s[n:]
		return n
	}
	s = strings.TrimPrefix(s, "-")
	zero := strings.HasPrefix(s, "0")
	if n := digits(); n == 0 || zero && n > 1 {
		return false
	}
	if strings.HasPrefix(s, ".") {
		if s = s[1:]; digits() == 0 {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if digits() == 0 {
			return false
		}
	}
	return s == ""
}

// plainNumber returns the one text of a number: without exponent, needless zeros and the sign of zero. 4711000, 4711000.0 and
// 4.711e6 are 4711000. It returns a text that Data cannot hold as it is.
func plainNumber(text string) string {
	if !strings.HasPrefix(text, "0") && strings.Trim(text, "0123456789") == "" { // the usual case
		return text
	}
	if numberFault(json.Number(text)) != "" {
		return text
	}
	mantissa, power, _ := strings.Cut(strings.ToLower(text), "e")
	exponent, _ := strconv.Atoi(power) // of zero it may be too large, and does not matter
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponent -= len(fraction)
	exponent += len(digits) - len(strings.TrimRight(digits, "0"))
	digits = strings.TrimRight(digits, "0")
	sign := ""
	if negative {
		sign = "-"
	}
	point := len(digits) + exponent // position of the point in the digits
	switch {
	case exponent >= 0:
		return sign + digits + strings.Repeat("0", exponent)
	case point > 0:
		return sign + digits[:point] + "." + digits[point:]
	}
	return sign + "0." + strings.Repeat("0", -point) + digits
}
