package event

import "github.com/tocsin-dev/tocsin/severity"

// The kinds of finding that the engine reports at run time.
const (
	FindingUnclassified    = "unclassified"     // no class matches the type
	FindingMissingField    = "missing-field"    // an event lacks a field that its class requires
	FindingUnrouted        = "unrouted"         // no route matched, and the class has no plan
	FindingRuleError       = "rule-error"       // a rule's expression failed
	FindingCatalogError    = "catalog-error"    // a schedule, a strategy or a template failed
	FindingUncoveredLevel  = "uncovered-level"  // a level reached nobody
	FindingExhausted       = "exhausted"        // a policy ended without an acknowledgement
	FindingBreach          = "breach"           // a response-time objective was not met in time
	FindingVacantRole      = "vacant-role"      // nobody holds a role that a plan requires
	FindingDeadLetter      = "dead-letter"      // a message could not be delivered over any contact
	FindingUnknownSeverity = "unknown-severity" // the sender's word for a severity is unknown
	FindingOverflow        = "overflow"         // a limit was reached, and input was lost
	FindingRefusedInput    = "refused-input"    // an intake is closed, or found a request odd that it used
	FindingUpdateOverdue   = "update-overdue"   // an update to customers did not come in time
	FindingUnreadable      = "unreadable"       // a row of the store cannot be read
	FindingLoss            = "loss"             // an event was refused or cut; the subject names the intake, the event and the reason
)

// Declared is the type of an incident that a person declares without naming a class, and the intake of every declaration. A class of this
// name decides about plan and owner.
const Declared = "declared"

// findingPrefix marks the classes of findings. The engine reports no finding about a finding, which prevents loops.
const findingPrefix = "tocsin."

// Finding returns an event that reports a fault of the catalog or the engine. Its class is tocsin.<kind>, for example
// tocsin.unrouted; the catch-all owns it unless the catalog names another owner. subject names the faulty thing and is part
// of the dedup key. Long and odd texts are cut and mended, the subject with a hash. A loss and an unreadable row have severity error, any
// other finding has that of its class.
func Finding(kind, subject, summary string) Event {
	e := Event{
		Source: "tocsin", Intake: "tocsin", Type: findingPrefix + kind, Subject: ShortKey(subject),
		Summary: Mend(summary, MaxSummary),
	}
	if kind == FindingLoss || kind == FindingUnreadable {
		e.Severity = severity.Error
	}
	return e
}

// IsFinding reports whether typ is the type of a finding: tocsin.<kind>.
func IsFinding(typ string) bool {
	return len(typ) > len(findingPrefix) && typ[:len(findingPrefix)] == findingPrefix
}
