package intake

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/event"
)

// cloudEvent is one decoded CloudEvent of any mode.
type cloudEvent struct {
	attributes map[string]any // string, json.Number or bool; unset attributes are absent
	data       any
}

// cloudEvent turns c into an event.
func (b *batch) cloudEvent(c *cloudEvent) (event.Event, error) {
	b.reading = typeName(c.text("type"))
	if err := c.check(); err != nil {
		return event.Event{}, err
	}
	for _, field := range [...][2]string{{"subject", "subject"}, {"dedupkey", "dedup key"}, {"time", "time"}, {"severity", "severity"}, {"signal", "signal"}, {"summary", "summary"}} {
		if _, ok := textOf(c.attributes[field[0]]); !ok {
			b.leave(field[1], fmt.Errorf("a %s, expected a text", kindOf(c.attributes[field[0]])))
		}
	}
	e := event.Event{
		ID: c.text("id"), Source: c.text("source"), Type: b.reading, Subject: c.text("subject"),
		Time: b.instant("time", c.text("time")), DedupKey: c.text("dedupkey"), Summary: c.text("summary"),
		Data: dataOf(c.data), Labels: b.labels("labels", c.others()),
	}
	if word := c.text("severity"); isOK(word) {
		e.Signal = event.Resolve
	} else {
		e.Severity = b.severity(word)
	}
	members, _ := c.data.(map[string]any)
	within := func(name string) string {
		text, _ := members[name].(string)
		return text
	}
	if word := c.text("signal"); word != "" {
		b.signal(&e, word)
	} else {
		_ = e.Signal.UnmarshalText([]byte(normal(within("signal")))) // another word may mean something else
	}
	if trace := c.text("traceparent"); event.ValidTraceParent(trace) {
		e.TraceParent = trace
	}
	if e.Summary == "" {
		e.Summary = summaryOf(within)
	}
	e.Summary = summarised(&e)
	return e, b.sure(&e)
}

// summarised returns the summary of e. An empty summary of a trigger or change is replaced by type and subject, so that an alert
// always has a text.
func summarised(e *event.Event) string {
	if e.Summary == "" && (e.Signal == event.Trigger || e.Signal == event.Change) {
		return strings.TrimSpace(e.Type + " " + e.Subject)
	}
	return e.Summary
}

func (c *cloudEvent) check() error {
	for _, name := range [...]string{"specversion", "id", "source", "type"} {
		if c.text(name) == "" {
			return fmt.Errorf("%s: missing", name)
		}
	}
	if version := c.text("specversion"); version != "1.0" {
		return fmt.Errorf("specversion: %s, expected 1.0", excerpt(20, version))
	}
	return nil
}

// text returns an attribute in its canonical string form, "" if it is not set.
func (c *cloudEvent) text(name string) string {
	text, _ := textOf(c.attributes[name])
	return text
}

// others returns the attributes that become no other field of the event, nil if there are none.
func (c *cloudEvent) others() any {
	var others map[string]any
	for name, value := range c.attributes {
		switch name {
		case "specversion", "id", "source", "type", "subject", "time", "datacontenttype",
			"severity", "signal", "summary", "dedupkey", "traceparent":
			continue
		}
		if others == nil {
			others = make(map[string]any)
		}
		others[name] = value
	}
	if others == nil {
		return nil
	}
	return others
}

// fromHeaders reads the attributes of binary mode.
func fromHeaders(h http.Header) (map[string]any, error) {
	attributes := map[string]any{}
	for name, values := range h {
		attribute, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok {
			continue
		}
		_, twice := attributes[attribute] // in another letter case
		if attribute == "datacontenttype" || len(values) != 1 || twice {
			return nil, fmt.Errorf("%.40s: expected each header once, and the Content-Type for ce-datacontenttype", name)
		}
		text, err := fromHeader(values[0])
		if err != nil {
			return nil, fmt.Errorf("%.40s: %w", name, err)
		}
		attributes[attribute] = text
	}
	return attributes, nil
}

// fromHeader decodes a header value of binary mode: first quotes, then percent-encoding (CloudEvents HTTP binding 1.0.2,
// section 3.1.3.2).
func fromHeader(s string) (string, error) {
	text := unpercent(unquote(s))
	if !utf8.ValidString(text) {
		return "", errors.New("expected UTF-8")
	}
	return text, nil
}

// unquote removes double quotes and the escapes inside. A text with an unclosed quote is returned unchanged.
func unquote(s string) string {
	if !strings.Contains(s, `"`) {
		return s
	}
	out := make([]byte, 0, len(s))
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
			continue
		case quoted && s[i] == '\\' && i+1 < len(s):
			i++
		}
		out = append(out, s[i])
	}
	if quoted {
		return s
	}
	return string(out)
}

func unpercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(c))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
