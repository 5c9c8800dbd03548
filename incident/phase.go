package incident

// Phase of an incident. Phases go forward only, except for relapse (monitoring to active) and reopen (resolved to active).
type Phase string

// The phases. In monitoring the condition is gone and being watched; resolved is over.
const (
	Active     Phase = "active"
	Monitoring Phase = "monitoring"
	Resolved   Phase = "resolved"
)

// ResolveOn says which alerts must resolve for the incident to count as recovered.
type ResolveOn string

// When an incident counts as recovered. The zero value means OnAll.
const (
	OnAll   ResolveOn = "all"   // every alert
	OnLast  ResolveOn = "last"  // the one that joined last
	OnNever ResolveOn = "never" // only a person says so
)
