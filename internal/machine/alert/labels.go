package alert

import (
	"slices"
	"strconv"
)

// PackLabels formats labels as one sorted line for people: env="prod",region="eu".
func PackLabels(labels map[string]string) string {
	var scratch [16]string
	names := scratch[:0]
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	var line [256]byte
	b := line[:0]
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuote(append(append(b, name...), '='), labels[name])
	}
	return string(b)
}

// appendQuote is [strconv.AppendQuote] with a fast path for strings without escapes.
func appendQuote(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
