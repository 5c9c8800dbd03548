package incident

// Phase of an incident. Phases go forward only, except for relapse (monitoring to active) and reopen (resolved to active).
type Phase string

// The phases.
const (
	Triage     Phase = "triage" // nobody has said yet that it is an incident; the escalation runs as in active
	Active     Phase = "active"
	Monitoring Phase = "monitoring" // recovered, and watched for a relapse
	Resolved   Phase = "resolved"
	Closed     Phase = "closed"    // resolved, and everything that follows is done or waived
	Declined   Phase = "declined"  // found in triage to be no incident
	Cancelled  Phase = "cancelled" // opened in error
)

// Open reports whether people respond to an incident of the phase: triage, active or monitoring. Ask it rather than comparing with one of
// the phases in which an incident is over.
func (p Phase) Open() bool { return p == Triage || p == Active || p == Monitoring }

// Over reports whether an incident of the phase has ended. No phase at all is neither open nor over.
func (p Phase) Over() bool { return p != "" && !p.Open() }

// Phases returns all phases in the order in which an incident goes through them, the side exits last.
func Phases() []Phase {
	return []Phase{Triage, Active, Monitoring, Resolved, Closed, Declined, Cancelled}
}

// Step says how far people are with an active incident.
type Step string

// The steps of active. An incident that becomes active begins with the first.
const (
	Investigating Step = "investigating"
	Identified    Step = "identified" // the cause is known
	Mitigating    Step = "mitigating" // the remedy is under way
)

// Valid reports whether s is one of the steps.
func (s Step) Valid() bool { return s == Investigating || s == Identified || s == Mitigating }

// Moment names an instant of an incident that people may correct.
type Moment string

// The moments.
const (
	ImpactStarted Moment = "impact-started" // never known unless somebody says it
	DetectedAt    Moment = "detected"
	MitigatedAt   Moment = "mitigated"
)

// Valid reports whether m is one of the moments.
func (m Moment) Valid() bool { return m == ImpactStarted || m == DetectedAt || m == MitigatedAt }

// ResolveOn says which alerts must resolve for the incident to count as recovered.
type ResolveOn string

// The values of ResolveOn. The zero value means OnAll.
const (
	OnAll   ResolveOn = "all"   // every alert
	OnLast  ResolveOn = "last"  // the alert that joined last
	OnNever ResolveOn = "never" // none: only a person ends the incident
)
