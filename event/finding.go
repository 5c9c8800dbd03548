package event

// The kinds of finding that the engine reports at run time.
const (
	FindingUnclassified    = "unclassified"     // no class matches the type
	FindingUnrouted        = "unrouted"         // no route matched, and the class has no plan
	FindingRuleError       = "rule-error"       // a rule's expression failed
	FindingCatalogError    = "catalog-error"    // a schedule, a strategy or a template failed
	FindingUncoveredLevel  = "uncovered-level"  // a level reached nobody
	FindingExhausted       = "exhausted"        // a policy ended without an acknowledgement
	FindingDeadLetter      = "dead-letter"      // a message could not be delivered over any contact
	FindingUnknownSeverity = "unknown-severity" // the sender's word for a severity is unknown
	FindingOverflow        = "overflow"         // a limit was reached, and input was lost
	FindingRefusedInput    = "refused-input"    // an intake could not use all of a request
)

// findingPrefix marks the classes of findings. The engine reports no finding about a finding, which prevents loops.
const findingPrefix = "tocsin."

// Finding returns an event that reports a fault of the catalog or the engine. Its class is tocsin.<kind>, for example
// tocsin.unrouted; the catch-all owns it unless the catalog names another owner. subject names the faulty thing and is part
// of the dedup key. Long texts are cut.
func Finding(kind, subject, summary string) Event {
	return Event{
		Source: "tocsin", Intake: "tocsin", Type: findingPrefix + kind, Subject: Shorten(subject, maxName),
		Summary: Shorten(summary, MaxSummary),
	}
}

// IsFinding reports whether typ is the type of a finding: tocsin.<kind>.
func IsFinding(typ string) bool {
	return len(typ) > len(findingPrefix) && typ[:len(findingPrefix)] == findingPrefix
}
