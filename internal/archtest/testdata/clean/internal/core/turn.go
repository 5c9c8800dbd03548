package core

import (
	"time"

	"github.com/tocsin-dev/tocsin/internal/machine/escalation"
)

type turn struct {
	parts []part
	facts []fact
}

type unit struct {
	alerts     alertsState
	groups     groupsState
	escalation escalation.State
}

type fact string

func (t *turn) tell(f fact) { t.facts = append(t.facts, f) }

// settle reaches the parts through their interfaces only.
func (t *turn) settle(u *unit, now time.Time) (said []string) {
	for _, p := range t.parts {
		if at, ok := p.due(u); ok && !at.After(now) {
			p.act(t, u, now)
		}
		for _, f := range t.facts {
			p.hear(t, u, now, f)
		}
		if e, ok := p.(explainer); ok {
			said = append(said, e.explain(u))
		}
	}
	return said
}
