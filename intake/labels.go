package intake

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"unicode/utf8"
)

const (
	maxLabels = 127   // and one that says how much was cut
	maxAttrs  = 1_000 // looked at, groups included: a LogValuer may give a group that holds itself
)

// labels collects attributes as an event's labels, within what an event may hold.
type labels struct {
	values map[string]string
	seen   int
	cut    int // how many were left out or shortened
}

func (l *labels) add(prefix string, a slog.Attr) {
	if a.Equal(slog.Attr{}) {
		return
	}
	if l.seen++; l.seen > maxAttrs {
		l.cut++
		return
	}
	name := prefix + a.Key
	if isSecret(name) {
		l.set(name, "***")
		return
	}
	value := a.Value.Resolve() // which catches a panic
	if value.Kind() != slog.KindGroup {
		if text, ok := plain(value); ok {
			l.set(name, text)
		} else {
			l.cut++
		}
		return
	}
	if a.Key != "" {
		prefix = name + "."
	}
	for _, inner := range value.Group() {
		l.add(prefix, inner)
	}
}

func (l *labels) set(name, value string) {
	_, known := l.values[name]
	if !known && len(l.values) >= maxLabels || len(name) > maxName || !utf8.ValidString(name) {
		l.cut++
		return
	}
	if len(value) > maxText {
		l.cut++
	}
	l.values[name] = bounded(value, maxText)
}

// plain writes a value that is one thing. Whole structures are not taken: nobody looks for the secrets inside them.
func plain(v slog.Value) (string, bool) {
	if v.Kind() != slog.KindAny {
		return v.String(), true
	}
	switch value := v.Any().(type) {
	case nil, error, fmt.Stringer:
		return fmt.Sprint(value), true // which catches a panic
	default:
		if kind := reflect.TypeOf(value).Kind(); kind != reflect.String && kind > reflect.Complex128 {
			return "", false
		}
		return fmt.Sprint(value), true
	}
}

// isSecret reports whether an attribute of the name, groups included, is kept to itself.
func isSecret(name string) bool {
	name = strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(name), "-", ""), "_", "")
	for _, word := range [...]string{"password", "secret", "token", "authorization", "apikey", "cookie", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
