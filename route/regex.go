package route

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// compileRegex compiles the regular expression of a condition.
func (a *atom) compileRegex(limits *Limits) error {
	tree, err := checkRegex(a.text, limits)
	if err != nil {
		return err
	}
	a.regex, err = regexp.Compile(a.text)
	a.prefix, a.required = literalsOf(tree)
	return err
}

// checkRegex checks a regular expression against the limits.
func checkRegex(pattern string, limits *Limits) (*syntax.Regexp, error) {
	if len(pattern) > limits.Pattern {
		return nil, fmt.Errorf("limit Pattern: the regular expression has %d bytes, expected at most %d", len(pattern), limits.Pattern)
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	tree = tree.Simplify()
	program, err := syntax.Compile(tree)
	if err != nil {
		return nil, err
	}
	if n := len(program.Inst); n > limits.Program {
		return nil, fmt.Errorf("limit Program: the regular expression takes %d instructions, expected at most %d", n, limits.Program)
	}
	return tree, nil
}

// checkInput checks the length of a regular expression's input.
func checkInput(text string, limits *Limits) error {
	if len(text) > limits.Input {
		return fmt.Errorf("limit Input: a text of %d bytes for a regular expression, expected at most %d", len(text), limits.Input)
	}
	return nil
}

// literalsOf returns literal texts of every match: a prefix, if the expression is anchored at the start, and the longest text that
// every match contains. Both may be empty.
func literalsOf(re *syntax.Regexp) (prefix, required string) {
	parts := sequence(re, nil)
	if len(parts) > 1 && parts[0].Op == syntax.OpBeginText {
		prefix = literalOf(parts[1])
	}
	for _, p := range parts {
		if text := literalOf(p); len(text) > len(required) {
			required = text
		}
	}
	return prefix, required
}

// sequence returns the consecutive parts of a match.
func sequence(re *syntax.Regexp, parts []*syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			parts = sequence(sub, parts)
		}
		return parts
	case syntax.OpPlus: // at least once
		return sequence(re.Sub[0], parts)
	}
	return append(parts, re)
}

// literalOf returns the text of a literal. It returns "" for a literal that ignores case, and for a literal with U+FFFD, which also
// matches invalid UTF-8.
func literalOf(re *syntax.Regexp) string {
	text := string(re.Rune)
	if re.Op != syntax.OpLiteral || re.Flags&syntax.FoldCase != 0 || strings.ContainsRune(text, utf8.RuneError) {
		return ""
	}
	return text
}
