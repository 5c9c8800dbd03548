package incident

// Phase of an incident. Phases go forward only, except for relapse (monitoring to active) and reopen (resolved to active).
type Phase string

// The phases.
const (
	Active     Phase = "active"
	Monitoring Phase = "monitoring" // recovered, and watched for a relapse
	Resolved   Phase = "resolved"
)

// ResolveOn says which alerts must resolve for the incident to count as recovered.
type ResolveOn string

// The values of ResolveOn. The zero value means OnAll.
const (
	OnAll   ResolveOn = "all"   // every alert
	OnLast  ResolveOn = "last"  // the alert that joined last
	OnNever ResolveOn = "never" // none: only a person ends the incident
)
