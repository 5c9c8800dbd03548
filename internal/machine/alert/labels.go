package alert

import (
	"slices"
	"strconv"
	"strings"
)

// packs reports whether packed is what PackLabels writes of the labels. Where their values are plain, it need not write.
func packs(packed string, labels map[string]string) bool {
	rest := packed
	for range labels {
		name, after, _ := strings.Cut(rest, "=") // of one byte: several times as fast
		value, ok := labels[name]
		end := 1 + len(value)
		if !ok || len(after) <= end || after[0] != '"' || after[1:end] != value || after[end] != '"' {
			return packed == PackLabels(labels)
		}
		rest = strings.TrimPrefix(after[end+1:], ",")
	}
	return rest == ""
}

// PackLabels writes labels as one line for people, sorted: env="prod",region="eu".
func PackLabels(labels map[string]string) string {
	var room [16]string
	names := room[:0]
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

// appendQuote appends what [strconv.AppendQuote] does, faster where there is nothing to escape.
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
