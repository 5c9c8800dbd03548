package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Pinned is what an incident keeps from its beginning to its end, even when the catalog changes meanwhile: its plan, and the
// policy that the plan named at the beginning. It must not be changed.
type Pinned struct {
	Hash   string          `json:"-"` // of the other fields, in hexadecimal
	Name   string          `json:"name"`
	Plan   Plan            `json:"plan"`
	Policy escalate.Policy `json:"policy"`
}

// hash returns a digest of all that p says.
func (p *Pinned) hash() string {
	doc, err := json.Marshal(p)
	if err != nil { // texts, numbers and durations only: cannot happen
		panic(fmt.Sprintf("catalog: plan %q: %v", p.Name, err))
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:16])
}

// Pin returns what a new incident of the plan keeps. If there is no such plan, it is the default plan's.
func (c *Compiled) Pin(plan string) *Pinned {
	if p, ok := c.plans[plan]; ok {
		return p
	}
	return c.plans[c.source.Defaults.Plan]
}

// Pinned returns the plan and policy with the hash, nil if no plan of this catalog has it.
func (c *Compiled) Pinned(hash string) *Pinned { return c.pinned[hash] }

// GroupWait returns how long the plan waits before the first page of an incident of the priority.
func (p *Pinned) GroupWait(of severity.Priority) time.Duration {
	if d := p.Plan.GroupWait; d != nil {
		return *d
	}
	return escalate.GroupWait(of)
}

// Recovery returns what the plan decides about the end of an incident of the priority.
func (p *Pinned) Recovery(of severity.Priority) incident.Recovery {
	r := incident.Recovery{
		On: p.Plan.ResolveOn, To: p.Plan.Recovered, Soak: incident.DefaultSoak(of), Reopen: incident.DefaultReopen,
	}
	if p.Plan.Soak != nil {
		r.Soak = *p.Plan.Soak
	}
	if p.Plan.Reopen != nil {
		r.Reopen = *p.Plan.Reopen
	}
	return r
}

// Window returns for how long the plan's incidents take alerts in.
func (p *Pinned) Window() correlate.Window {
	g := p.Plan.Group
	return correlate.Window{
		Rolling: cmp.Or(g.Window, 30*time.Minute), MaxAge: cmp.Or(g.MaxAge, 24*time.Hour), Members: cmp.Or(g.MaxMembers, 1000),
	}
}
