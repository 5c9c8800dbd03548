package intake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// kindOf names the type of v in error messages.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "text"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	case time.Time:
		return "timestamp"
	}
	return "number"
}

// textOf returns a scalar value as text, "" for null. It returns false for lists and maps.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool, int64, uint64:
		return fmt.Sprint(v), true
	case json.Number:
		return v.String(), true
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), true
	}
	return "", false
}

// exact converts whole numbers beyond int64 in v to text. CEL would round them, and most of them are ids.
func exact(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = exact(member)
		}
	case []any:
		for i, element := range v {
			v[i] = exact(element)
		}
	case json.Number:
		if _, err := v.Int64(); err != nil && !strings.ContainsAny(v.String(), ".eE") {
			return v.String()
		}
	}
	return v
}

// labels reads labels from a map. A list of texts becomes one text. A value that is no text, number or boolean is left out.
func (b *batch) labels(field string, v any) map[string]string {
	if v == nil {
		return nil
	}
	members, ok := v.(map[string]any)
	if !ok {
		b.leave(field, fmt.Errorf("gives a %s, expected a map", kindOf(v)))
		return nil
	}
	labels := make(map[string]string, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		text, ok := textOf(members[name])
		if list, is := members[name].([]any); is {
			text, ok = joined(list)
		}
		if !ok {
			b.leave(field+"."+name, fmt.Errorf("a %s, expected a text", kindOf(members[name])))
			continue
		}
		if members[name] != nil {
			labels[name] = text
		}
	}
	return labels
}

// joined returns the texts of list. It returns false if an element is a list or a map.
func joined(list []any) (string, bool) {
	texts := make([]string, len(list))
	for i, element := range list {
		var ok bool
		if texts[i], ok = textOf(element); !ok {
			return "", false
		}
	}
	return strings.Join(texts, ", "), true
}

// links reads links from a list. Anything but a web link is left out.
func (b *batch) links(v any) []event.Link {
	list, ok := v.([]any)
	if !ok && v != nil {
		b.leave("links", fmt.Errorf("gives a %s, expected a list", kindOf(v)))
	}
	var links []event.Link
	for _, element := range list {
		var link event.Link
		switch element := element.(type) {
		case nil:
			continue
		case string:
			link.URL = element
		case map[string]any:
			link.URL, _ = element["url"].(string)
			link.Text, _ = element["text"].(string)
		default:
			b.leave("links", fmt.Errorf("a %s, expected a text, or a map with url and text", kindOf(element)))
			continue
		}
		link.URL = strings.TrimSpace(link.URL)
		switch {
		case isWeb(link.URL):
			links = append(links, link)
		case link.URL != "":
			b.leave("links", fmt.Errorf("%s, expected an http or https URL", excerpt(40, link.URL)))
		}
	}
	return links
}
