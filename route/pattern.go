package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Limits of a pattern. EventBridge accepts 2,048 characters by default.
const (
	maxPatternBytes  = 8 << 10
	maxPatternDepth  = 32  // nesting, equal to the limit for event data
	maxPatternSplit  = 64  // alternatives after multiplying out $or
	maxPatternLeaves = 128 // fields of one object in all alternatives
)

// ImportEventPattern translates an event pattern of Amazon EventBridge into an expression for [Rule.When]. The expression never
// fails. It expects events that map the EventBridge envelope as follows:
//
//	source, id      event.source, event.id
//	detail-type     event.type
//	detail          event.data
//	account, region label("account"), label("region")
//	resources       event.data["aws.resources"] (the list), event.subject (the first resource)
//	time            event.time
//
// A test of resources passes if any of them does. An intake that keeps only the first resource need not fill the list.
//
// The expression starts with comments: the pattern, and each difference from EventBridge. It uses functions such as anyIn, which
// test a value or any element of it. Any rule may use these functions; docs/event-pattern.md lists them.
//
// The whole pattern is translated or refused. The error joins all faults, each with field, line, column, the value found and the
// value expected.
func ImportEventPattern(pattern []byte) (when string, err error) {
	if len(pattern) > maxPatternBytes {
		return "", fmt.Errorf("route: event pattern: %d bytes, expected at most %d", len(pattern), maxPatternBytes)
	}
	var p patternParser
	n, err := readJSON(pattern, &p.faults)
	if err != nil {
		return "", p.faults.in(pattern)
	}
	root := p.parse(n)
	rule := renderPattern(root, &p.faults)
	if err := p.faults.in(pattern); err != nil {
		return "", err
	}
	var original bytes.Buffer
	if err := json.Compact(&original, pattern); err != nil {
		return "", fmt.Errorf("route: event pattern: %w", err)
	}
	text := "// " + original.String() + "\n"
	for _, note := range patternNotes(root) {
		text += "// " + note + "\n"
	}
	text += rule
	limit := (*Limits)(nil).withDefaults().Source
	if n := utf8.RuneCountInString(text); n > limit {
		return "", fmt.Errorf("route: event pattern: its expression has %d characters, expected at most %d", n, limit)
	}
	return text, nil
}
