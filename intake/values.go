package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

func labelsOf(v any) (map[string]string, error) {
	if v == nil {
		return nil, nil
	}
	members, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("gives a %s, expected a map", kindOf(v))
	}
	labels := make(map[string]string, len(members))
	for name, member := range members {
		text, ok := textOf(member)
		if !ok {
			return nil, fmt.Errorf("%.40q is a %s, expected a text", name, kindOf(member))
		}
		if member != nil {
			labels[name] = text
		}
	}
	return labels, nil
}

func linksOf(v any) ([]event.Link, error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("gives a %s, expected a list", kindOf(v))
	}
	var links []event.Link
	for _, element := range list {
		var link event.Link
		switch element := element.(type) {
		case nil:
		case string:
			link.URL = element
		case map[string]any:
			link.URL, _ = element["url"].(string)
			text, _ := element["text"].(string)
			link.Text = event.Shorten(text, maxName)
		default:
			return nil, fmt.Errorf("a %s, expected a text, or a map with url and text", kindOf(element))
		}
		if isWeb(link.URL) && len(links) < maxLinks {
			links = append(links, link)
		}
	}
	return links, nil
}

// timeLayouts lists the time formats of known senders.
func timeLayouts() []string {
	return []string{
		time.RFC3339, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05 -0700",
		"2006-01-02 15:04:05 UTC", "Mon, 02 Jan 2006 15:04:05 GMT", time.RFC1123Z, // time.Parse knows no other zone abbreviation
	}
}

// timeOf converts a timestamp, a text or a number to an instant. A text of digits is read as a number.
func timeOf(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v.UTC(), nil
	case int64:
		return sinceEpoch(float64(v), v)
	case float64:
		return sinceEpoch(v, 0)
	case string:
		if v == "" {
			return time.Time{}, nil
		}
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return sinceEpoch(float64(n), n)
		}
		for _, layout := range timeLayouts() {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, fmt.Errorf("%.40q, expected a time as in 2006-01-02T15:04:05Z", v)
	}
	return time.Time{}, fmt.Errorf("gives a %s, expected a timestamp, a text or a number", kindOf(v))
}

// sinceEpoch converts a number of seconds, milliseconds, microseconds or nanoseconds since 1970. The size of the number gives its
// unit: 1e11 is the year 5138 in seconds, but 1973 in milliseconds. whole is n as an integer, 0 if it is none; it keeps all
// digits of nanoseconds.
func sinceEpoch(n float64, whole int64) (time.Time, error) {
	const seconds, millis, micros, nanos = 1e11, 1e14, 1e17, 1e19
	switch size := math.Abs(n); {
	case size < seconds:
		sec, part := math.Modf(n)
		return time.Unix(int64(sec), int64(math.Round(part*1e6))*1e3).UTC(), nil
	case size < millis:
		return time.UnixMicro(int64(n * 1e3)).UTC(), nil
	case size < micros:
		return time.UnixMicro(int64(n)).UTC(), nil
	case size < nanos && whole != 0:
		return time.Unix(0, whole).UTC(), nil
	}
	return time.Time{}, errors.New("number out of range, expected seconds, milliseconds, microseconds or nanoseconds since 1970")
}

// fitting returns data, or the reason why an event cannot hold it. The event is kept without its payload then.
func fitting(e *event.Event, data map[string]any) map[string]any {
	var refused *event.RejectedError
	if err := (&event.Event{Type: e.Type, Data: data}).Check(); errors.As(err, &refused) && refused.Field == "data" {
		return map[string]any{cutLabel: refused.Reason}
	}
	return data
}
