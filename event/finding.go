package event

// Finding kinds: what can be wrong with the catalog or the engine at run time.
const (
	FindingUnclassified    = "unclassified"     // no class names the type
	FindingUnrouted        = "unrouted"         // no route matched, nor does the class name a plan
	FindingRuleError       = "rule-error"       // a rule's expression failed
	FindingCatalogError    = "catalog-error"    // a schedule, a strategy or a template failed
	FindingUncoveredLevel  = "uncovered-level"  // a level reached nobody
	FindingExhausted       = "exhausted"        // a policy ended without an acknowledgement
	FindingDeadLetter      = "dead-letter"      // a message could not be delivered over any contact
	FindingUnknownSeverity = "unknown-severity" // a severity word that is in no vocabulary
	FindingOverflow        = "overflow"         // a bound was met, and something is lost
	FindingRefusedInput    = "refused-input"    // an intake could not take all that was sent
)

// findingPrefix marks the classes of findings; a finding about a finding is not made, so that no loop can feed itself.
const findingPrefix = "tocsin."

// Finding makes the event that reports something wrong with the catalog or the engine. Its class is tocsin.<kind>, which
// the catch-all owns unless the catalog says otherwise; subject says what it is about and is its key.
func Finding(kind, subject, summary string) Event {
	return Event{
		Source: "tocsin", Intake: "tocsin", Type: findingPrefix + kind, Subject: Shorten(subject, maxName),
		Summary: Shorten(summary, MaxSummary),
	}
}

// IsFinding reports whether the type is that of a finding.
func IsFinding(typ string) bool {
	return len(typ) > len(findingPrefix) && typ[:len(findingPrefix)] == findingPrefix
}
