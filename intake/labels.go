package intake

import (
	"fmt"
	"log/slog"
	"reflect"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

const (
	maxLabels = 127   // leaves one label for the number of cut values
	maxAttrs  = 1_000 // attributes visited, groups included: a LogValuer may return a group that contains itself
)

// labels collects attributes as labels, within the limits of an event.
type labels struct {
	values map[string]string
	seen   int
	cut    int // values left out or shortened
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
	if redact.Name(name) {
		l.set(name, redact.Stars)
		return
	}
	value := a.Value.Resolve() // recovers from panics of a LogValuer
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

// plain returns a scalar value as text. It refuses composite values, because they are not searched for secrets.
func plain(v slog.Value) (string, bool) {
	if v.Kind() != slog.KindAny {
		return v.String(), true
	}
	switch value := v.Any().(type) {
	case nil, error, fmt.Stringer:
		return fmt.Sprint(value), true // recovers from panics of Error and String
	default:
		if kind := reflect.TypeOf(value).Kind(); kind != reflect.String && kind > reflect.Complex128 {
			return "", false
		}
		return fmt.Sprint(value), true
	}
}
