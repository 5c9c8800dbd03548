package alert

import (
	"slices"
	"strconv"
	"strings"
)

// packs reports whether packed equals PackLabels(labels). It packs the labels only if a value needs escapes.
func packs(packed string, labels map[string]string) bool {
	rest := packed
	for range labels {
		name, after, _ := strings.Cut(rest, "=") // a separator of one byte is several times faster
		value, ok := labels[name]
		end := 1 + len(value)
		if !ok || len(after) <= end || after[0] != '"' || after[1:end] != value || after[end] != '"' {
			return packed == PackLabels(labels)
		}
		rest = strings.TrimPrefix(after[end+1:], ",")
	}
	return rest == ""
}

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
