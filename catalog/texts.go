package catalog

import (
	"encoding"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// errNot refuses a text. The form says what is expected in its place.
var errNot = errors.New("is not such a text")

// free is the form of a text that the catalog hands on as it is.
func free[T ~string](what string) form[T] {
	return text(shape{kind: ofText, what: what}, "!!str",
		func(s string) (T, error) { return T(s), nil }, func(v T) string { return string(v) })
}

// ref is the form of a name that stands elsewhere in the catalog.
func ref[T ~string](what string) form[T] {
	return text(shape{kind: ofText, what: what, pattern: "^[^\\x00-\\x1f\\x7f-\\x9f]+$"}, "!!str",
		func(s string) (T, error) {
			if !printable(s) {
				return "", errNot
			}
			return T(s), nil
		}, func(v T) string { return string(v) })
}

// scale is the form of the words of an ordered type, which reads them itself.
func scale[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](print func(T) string, words ...string) form[T] {
	return text(shape{kind: ofText, what: either(words), words: words}, "!!str", func(s string) (T, error) {
		var v T
		if !slices.Contains(words, s) { // the type also reads other cases, and nothing
			return v, errNot
		}
		err := P(&v).UnmarshalText([]byte(s))
		return v, err
	}, print)
}

// oneOf is the form of one of a few constants.
func oneOf[T ~string](words ...T) form[T] {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return text(shape{kind: ofText, what: either(all), words: all}, "!!str", func(s string) (T, error) {
		if !slices.Contains(words, T(s)) {
			return "", errNot
		}
		return T(s), nil
	}, func(v T) string { return string(v) })
}

func levelForm() form[severity.Level] {
	return scale[severity.Level](func(l severity.Level) string { return l.String() }, "info", "warning", "error", "critical")
}

func gradeForm() form[severity.Grade] {
	return scale[severity.Grade](func(g severity.Grade) string { return g.String() }, "low", "medium", "high")
}

func priorityForm() form[severity.Priority] {
	return scale[severity.Priority](func(p severity.Priority) string { return p.String() }, "P1", "P2", "P3", "P4", "P5")
}

func kindForm() form[event.Kind] { return oneOf(event.Alert, event.Changes, event.Infos) }

func resolveOnForm() form[incident.ResolveOn] {
	return oneOf(incident.OnAll, incident.OnLast, incident.OnNever)
}

func recoveredForm() form[incident.Phase] { return oneOf(incident.Monitoring, incident.Resolved) }

func truth() form[bool] {
	return text(shape{kind: ofTruth, what: "true or false"}, "!!bool", strconv.ParseBool, strconv.FormatBool)
}

func number(what string) form[int] {
	return text(shape{kind: ofNumber, what: what}, "!!int", strconv.Atoi, strconv.Itoa)
}

const (
	durationWhat    = "a duration such as 30s, 5m, 1h30m or 7d"
	durationPart    = "([0-9]+(\\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h))"
	durationPattern = "([0-9]+d" + durationPart + "*|" + durationPart + "+)"
)

func durationForm() form[time.Duration] {
	return text(shape{kind: ofText, what: durationWhat, pattern: "^" + durationPattern + "$"}, "!!str", parseDuration, printDuration)
}

// spanForm is the form of a duration above zero: in Go, zero stands for none. instead says what to write in place of zero.
func spanForm(instead string) form[time.Duration] {
	f := durationForm()
	read := f.read
	f.read = func(d *decoder, n *yaml.Node, at *part, into *time.Duration) {
		if read(d, n, at, into); *into == 0 && !at.broken {
			d.fault(n, at, "found %s, expected a duration above zero%s", describe(n), instead)
		}
	}
	return f
}

const never = "never"

// staleForm is the form of a duration above zero that may be [event.Never].
func staleForm() form[time.Duration] {
	return text(shape{
		kind: ofText, what: "a duration above zero, such as 30m or 7d, or never", words: []string{never}, pattern: "^(never|" + durationPattern + ")$",
	}, "!!str", func(s string) (time.Duration, error) {
		if s == never {
			return event.Never, nil
		}
		d, err := parseDuration(s)
		if d == 0 {
			err = errNot
		}
		return d, err
	}, printStale)
}

func printStale(d time.Duration) string {
	if d == event.Never {
		return never
	}
	return printDuration(d)
}

// parseDuration reads the durations of Go, with days of 24 hours before the rest. Nothing lasts less than no time.
func parseDuration(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	var total time.Duration
	if days, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, errNot
		}
		if total, s = time.Duration(n)*day, rest; s == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || s == "0" || s[0] < '0' || s[0] > '9' || total+d < total {
		return 0, errNot
	}
	return total + d, nil
}

// printDuration writes whole days as days, and leaves out what is zero.
func printDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 && d/day < 1<<16 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func rateForm() form[automate.Rate] {
	return text(shape{kind: ofText, what: "a count in a span, such as 3/10m", pattern: "^[1-9][0-9]*/" + durationPattern + "$"},
		"!!str", parseRate, printRate)
}

func parseRate(s string) (automate.Rate, error) {
	count, span, _ := strings.Cut(s, "/")
	n, err := strconv.ParseUint(count, 10, 31)
	if err != nil || n == 0 {
		return automate.Rate{}, errNot
	}
	per, err := parseDuration(span)
	if err == nil && per == 0 {
		err = errNot
	}
	return automate.Rate{Count: int(n), Per: per}, err
}

func printRate(r automate.Rate) string { return fmt.Sprintf("%d/%s", r.Count, printDuration(r.Per)) }

func contactForm() form[escalate.Contact] {
	return text(shape{kind: ofText, what: "CHANNEL:ADDRESS, such as slack:@ana", pattern: "^[^:]"}, "!!str",
		func(s string) (escalate.Contact, error) {
			c := escalate.Contact(s)
			if channel, _ := c.Split(); channel == "" {
				return "", errNot
			}
			return c, nil
		}, func(c escalate.Contact) string { return string(c) })
}

func targetForm() form[escalate.Target] {
	return text(shape{
		kind: ofText, what: "owner, owner.lead, person:NAME, team:NAME, schedule:NAME, channel:NAME or channel:NAME:ROOM",
		words: []string{"owner", "owner.lead"}, pattern: "^(owner|owner\\.lead|(person|team|schedule):.+|channel:[^:].*)$",
	}, "!!str", func(s string) (escalate.Target, error) {
		t := escalate.Target(s)
		_, err := t.Parse()
		return t, err
	}, func(t escalate.Target) string { return string(t) })
}
