package intake

import (
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// normal returns word in lower case, without surrounding space.
func normal(word string) string { return strings.ToLower(strings.TrimSpace(word)) }

// levelOf translates the severity words of common senders. An empty word is known and gives the zero Level: the class decides.
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

// isOK reports whether a severity word means that the condition has ended.
func isOK(word string) bool {
	switch normal(word) {
	case "ok", "normal", "cleared", "resolved", "closed":
		return true
	}
	return false
}

// typeName returns typ, or Unclassified for the type of a finding. Only the engine may report findings.
func typeName(typ string) string {
	if event.IsFinding(typ) {
		return event.Unclassified
	}
	return typ
}
