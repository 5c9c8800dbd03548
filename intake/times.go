package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// instant reads the time of a field. An unreadable time is left out.
func (b *batch) instant(field string, v any) time.Time {
	at, err := timeOf(v)
	if err != nil {
		b.leave(field, err)
	}
	return at
}

// timeOf converts a timestamp, a text or a number to an instant. null, an empty text, 0 and the year 1 give the zero time.
func timeOf(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v.UTC(), nil
	case int64:
		return sinceEpoch(float64(v), v)
	case uint64:
		return sinceEpoch(float64(v), int64(min(v, math.MaxInt64)))
	case float64:
		return sinceEpoch(v, 0)
	case json.Number:
		return timeIn(v.String())
	case string:
		return timeIn(v)
	}
	return time.Time{}, fmt.Errorf("gives a %s, expected a timestamp, a text or a number", kindOf(v))
}

func timeIn(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	s := strings.TrimSpace(text)
	if s == "" {
		return time.Time{}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return sinceEpoch(float64(n), n)
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return sinceEpoch(n, 0)
	}
	s, _, _ = strings.Cut(s, " m=") // the monotonic clock of Go
	s = strings.ToUpper(s)          // letter case matters to time.Parse in T and Z only
	for _, layout := range timeLayouts() {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s, expected a time as in 2006-01-02T15:04:05Z", excerpt(40, text))
}

// timeLayouts lists the time formats of known senders. A fraction may follow the seconds in each. No layout has the abbreviation of a
// zone alone, which time.Parse would take for UTC.
func timeLayouts() []string {
	layouts := make([]string, 0, 80)
	for _, date := range [...]string{"2006-01-02T", "2006-01-02 ", "2006/01/02 ", "2006.01.02 "} {
		for _, clock := range [...]string{"15:04:05", "15:04"} {
			for _, zone := range [...]string{"", "Z07:00", "Z0700", "Z07", " Z07:00", " Z0700", " -0700 MST", " -0700 -0700", " UTC", " GMT"} {
				layouts = append(layouts, date+clock+zone)
			}
		}
	}
	return append(layouts, "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 GMT", "Mon, 2 Jan 2006 15:04:05 UTC", time.ANSIC)
}

// sinceEpoch converts a number of seconds, milliseconds, microseconds or nanoseconds since 1970. The size of the number gives its
// unit: 1e11 is the year 5138 in seconds, but 1973 in milliseconds. whole is n as an integer, 0 if it is none; it keeps all
// digits of nanoseconds.
func sinceEpoch(n float64, whole int64) (time.Time, error) {
	const seconds, millis, micros, nanos = 1e11, 1e14, 1e17, 1e19
	switch size := math.Abs(n); {
	case n == 0:
		return time.Time{}, nil
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
