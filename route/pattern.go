package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// What a pattern may have at the most. EventBridge itself takes 2,048 characters unless asked for more.
const (
	maxPatternBytes  = 8 << 10
	maxPatternDepth  = 32  // nesting, as deep as the data of an event
	maxPatternSplit  = 64  // alternatives that the $or of one pattern may multiply to, where they must be multiplied out
	maxPatternLeaves = 128 // fields that are looked at in one object, in all alternatives together
)

// ImportEventPattern translates a pattern of Amazon EventBridge into an expression for [Rule.When]. It matches an event that
// was made from an EventBridge envelope as follows, and never errs.
//
//	source, id      event.source, event.id
//	detail-type     event.type
//	detail          event.data
//	account, region label("account"), label("region")
//	resources       event.subject, the first of them
//	time            event.time
//
// The expression begins with the pattern itself in a comment, and with a comment on each point where EventBridge decides
// otherwise. Beside operators of CEL it uses anyIn and its like, which look at a value or at any element of it:
// docs/event-pattern.md lists them, and any rule may use them.
//
// A pattern is translated whole or refused. All faults come at once, joined; each names the field, the line and the column,
// what was found and what was expected.
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
