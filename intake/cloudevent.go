package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
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
	if err := c.check(); err != nil {
		return event.Event{}, err
	}
	at, err := instant("time", c.text("time"))
	if err != nil {
		return event.Event{}, err
	}
	e := event.Event{
		ID: c.text("id"), Source: c.text("source"), Type: typeName(c.text("type")), Subject: c.text("subject"), Time: at,
		DedupKey: c.text("dedupkey"), Summary: c.text("summary"), Data: dataOf(c.data), Labels: c.labels(),
	}
	word := c.text("severity")
	if e.Signal, err = c.signal(isOK(word)); err != nil {
		return event.Event{}, err
	}
	if !isOK(word) {
		e.Severity = b.severity(word)
	}
	if trace := c.text("traceparent"); event.ValidTraceParent(trace) {
		e.TraceParent = trace
	}
	if e.Summary == "" {
		e.Summary = summaryOf(c.data)
	}
	e.Summary = summarised(&e)
	return e, nil
}

// summarised returns the summary of e, cut to its limit. An empty summary of a trigger or change is replaced by type and
// subject, so that an alert always has a text.
func summarised(e *event.Event) string {
	text := e.Summary
	if text == "" && (e.Signal == event.Trigger || e.Signal == event.Change) {
		text = strings.TrimSpace(e.Type + " " + e.Subject)
	}
	return event.Shorten(text, event.MaxSummary)
}

func (c *cloudEvent) check() error {
	for _, name := range slices.Sorted(maps.Keys(c.attributes)) {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return fmt.Errorf("%.40q: expected a name of lower-case letters and digits", name)
		}
		switch c.attributes[name].(type) {
		case string, json.Number, bool:
		default:
			return fmt.Errorf("%s: expected a string, a number or a boolean", name)
		}
	}
	for _, name := range [...]string{"specversion", "id", "source", "type"} {
		if c.text(name) == "" {
			return fmt.Errorf("%s: missing", name)
		}
	}
	if version := c.text("specversion"); version != "1.0" {
		return fmt.Errorf("specversion: %.20q, expected 1.0", version)
	}
	return nil
}

// text returns an attribute in its canonical string form, "" if it is not set.
func (c *cloudEvent) text(name string) string {
	switch v := c.attributes[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// signal returns the signal of the event. An unknown attribute signal is an error. An unknown member signal of the data is
// ignored, because it may have another meaning.
func (c *cloudEvent) signal(ok bool) (event.Signal, error) {
	signal := event.Trigger
	if ok {
		signal = event.Resolve
	}
	word := c.text("signal")
	if word == "" {
		members, _ := c.data.(map[string]any)
		within, _ := members["signal"].(string)
		_ = signal.UnmarshalText([]byte(normal(within)))
		return signal, nil
	}
	if signal.UnmarshalText([]byte(normal(word))) != nil {
		return signal, fmt.Errorf("signal: %.40q, expected trigger, acknowledge, resolve or change", word)
	}
	return signal, nil
}

// labels returns the attributes that become no other field of the event.
func (c *cloudEvent) labels() map[string]string {
	var labels map[string]string
	for name := range c.attributes {
		switch name {
		case "specversion", "id", "source", "type", "subject", "time", "datacontenttype",
			"severity", "signal", "summary", "dedupkey", "traceparent":
			continue
		}
		if labels == nil {
			labels = make(map[string]string)
		}
		labels[name] = c.text(name)
	}
	return labels
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
