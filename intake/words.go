package intake

import (
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// normal makes one form of all the ways to write a word.
func normal(word string) string { return strings.ToLower(strings.TrimSpace(word)) }

// levelOf reads a severity in the words of common senders. No word at all leaves it to the class, and is known.
func levelOf(word string) (level severity.Level, known bool) {
	switch normal(word) {
	case "":
		return 0, true
	case "critical", "page", "fatal", "emergency", "emerg", "alert", "crit", "disaster", "security", "p1":
		return severity.Critical, true
	case "error", "err", "major", "high", "p2":
		return severity.Error, true
	case "warning", "warn", "minor", "medium", "moderate", "average", "p3":
		return severity.Warning, true
	case "info", "none", "low", "notice", "information", "informational", "debug", "indeterminate", "not classified", "p4", "p5":
		return severity.Info, true
	}
	return 0, false
}

// isOK reports whether a severity says that the condition has ended.
func isOK(word string) bool {
	switch normal(word) {
	case "ok", "normal", "cleared", "resolved", "closed":
		return true
	}
	return false
}

// typeName leaves the types of findings to the engine: a sender cannot speak for it.
func typeName(typ string) string {
	if event.IsFinding(typ) {
		return event.Unclassified
	}
	return typ
}
