package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
	"github.com/tocsin-dev/tocsin/severity"
)

// Pinned is what an incident keeps from its beginning to its end, even when the catalog changes meanwhile: its plan, and the
// policy and the communication plan that the plan named at the beginning. It must not be changed.
type Pinned struct {
	Hash   string          `json:"hash,omitempty" erase:"keep"` // of the other fields, in hexadecimal
	Name   string          `json:"name" erase:"keep"`
	Plan   Plan            `json:"plan" erase:"keep"`
	Policy escalate.Policy `json:"policy" erase:"words"`
	// Comms are the communication plan of the plan, and those that its variants use, by name.
	Comms map[string]Comms `json:"comms,omitempty" erase:"keep"`
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
func (p *Pinned) Recovery(of severity.Priority) phase.Recovery {
	r := phase.Recovery{On: p.Plan.ResolveOn, Soak: phase.DefaultSoak(of), Reopen: phase.DefaultReopen}
	switch p.Plan.Recovered {
	case incident.Monitoring:
		r.Confirm = true
	case "":
		r.Confirm = of <= severity.P2 && !p.Policy.Inform
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
func (p *Pinned) Window() Window {
	g := p.Plan.Group
	return Window{
		Rolling: cmp.Or(g.Window, 30*time.Minute), MaxAge: cmp.Or(g.MaxAge, 24*time.Hour), Members: cmp.Or(g.MaxMembers, 1000),
	}
}

// Window says how long, and for how many, the incident of a group takes members in.
type Window struct {
	Rolling time.Duration // since the last member joined
	MaxAge  time.Duration // since the incident opened
	Members int           // at most; below zero: any number
}

// Admits reports whether the window takes another member in at the instant, for an incident that opened and has members.
func (w Window) Admits(at, opened, lastJoin time.Time, members int) bool {
	return at.Before(lastJoin.Add(w.Rolling)) && at.Before(opened.Add(w.MaxAge)) && (w.Members < 0 || members < w.Members)
}
