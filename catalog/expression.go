package catalog

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// expression is a rule's expression as it stands in a file, so that a place within the text finds its place in the file.
type expression struct {
	start position
	style yaml.Style
	lines []string // of the file, from the one that start is in
}

// ruleForm is the form of an expression in CEL.
func ruleForm() form[string] {
	of := free[string]("an expression in CEL")
	read := of.read
	of.read = func(d *decoder, n *yaml.Node, at *part, into *string) {
		read(d, n, at, into)
		if n.Line >= 1 && n.Line <= len(d.lines) {
			at.rule = &expression{d.position(n), n.Style, d.lines[n.Line-1:]}
		}
	}
	return of
}

// position finds a character of the text, by line and column from 1. Where the way back is not plain, as in a text that is
// folded over lines, it is the start of the text.
func (e *expression) position(line, column int) position {
	at := e.start
	switch {
	case e.style&yaml.LiteralStyle != 0:
		return e.literal(line, column)
	case line != 1 || e.style&yaml.FoldedStyle != 0:
		return at
	case e.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		at.column += e.quoted(column)
	default:
		at.column += column - 1
	}
	if at.column > utf8.RuneCountInString(e.lines[0]) { // it goes on in the next line
		return e.start
	}
	return at
}

// literal finds a character of a block after |, whose lines have an indent in common.
func (e *expression) literal(line, column int) position {
	if line >= len(e.lines) {
		return e.start
	}
	indent := 0
	for _, l := range e.lines[1:] {
		if text := strings.TrimLeft(l, " "); text != "" {
			indent = len(l) - len(text)
			break
		}
	}
	return position{e.start.file, e.start.line + line, indent + column}
}

// quoted counts the characters of the file from the opening quote to the character of the text.
func (e *expression) quoted(column int) int {
	text := []rune(e.lines[0])
	from := min(e.start.column, len(text)) // behind the quote
	i := from
	for range column - 1 {
		if i >= len(text) {
			break
		}
		i += escaped(text[i:], e.style)
	}
	return i - from + 1
}

// escaped returns how many characters of the file stand for the next one of the text.
func escaped(rest []rune, style yaml.Style) int {
	switch {
	case style&yaml.SingleQuotedStyle != 0 && rest[0] == '\'':
		return 2
	case style&yaml.DoubleQuotedStyle == 0 || rest[0] != '\\' || len(rest) < 2:
		return 1
	}
	switch rest[1] {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
