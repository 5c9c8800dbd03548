package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// maxSteps bounds the loop iterations and template calls of one rendering. The bound takes a few milliseconds, and no real
// template needs so many.
const maxSteps = 10_000

var (
	errTooLong = errors.New("longer than allowed")
	errEndless = fmt.Errorf("more than %d loop iterations or template calls", maxSteps)
)

// count inserts an empty text at the start of every loop body and every template. Executing it calls Write with no bytes,
// by which [limited] counts steps of templates that print nothing.
func count(t *template.Template) {
	for _, called := range t.Templates() {
		if called.Tree != nil {
			begin(called.Root)
			countIn(called.Root)
		}
	}
}

func begin(l *parse.ListNode) {
	l.Nodes = slices.Insert(l.Nodes, 0, parse.Node(&parse.TextNode{NodeType: parse.NodeText}))
}

func countIn(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		var b *parse.BranchNode
		switch n := n.(type) {
		case *parse.RangeNode:
			b = &n.BranchNode
			begin(b.List)
		case *parse.IfNode:
			b = &n.BranchNode
		case *parse.WithNode:
			b = &n.BranchNode
		default:
			continue
		}
		countIn(b.List)
		countIn(b.ElseList)
	}
}

// short returns replacements of the text functions of text/template. A result longer than maxText is an error, so that a
// template cannot build a huge text in a variable.
func short() template.FuncMap {
	cut := func(s string) (string, error) {
		if len(s) > maxText {
			return "", errTooLong
		}
		return s, nil
	}
	of := func(f func(...any) string) any { return func(args ...any) (string, error) { return cut(f(args...)) } }
	return template.FuncMap{
		"html": of(template.HTMLEscaper), "js": of(template.JSEscaper), "urlquery": of(template.URLQueryEscaper),
		"print": of(fmt.Sprint), "println": of(fmt.Sprintln),
		"printf": func(format string, args ...any) (string, error) { return cut(fmt.Sprintf(format, args...)) },
	}
}

// limited is the output of a template. Write fails beyond limit bytes or beyond maxSteps steps.
type limited struct {
	b     strings.Builder
	limit int
	steps int
}

// Write implements [io.Writer].
func (w *limited) Write(p []byte) (int, error) {
	if len(p) == 0 {
		if w.steps++; w.steps > maxSteps {
			return 0, errEndless
		}
	}
	if room := w.limit - w.b.Len(); len(p) > room {
		w.b.Write(p[:room])
		return room, errTooLong
	}
	return w.b.Write(p)
}
