package tocsin

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// OnCall is who is on call for a team at an instant.
type OnCall struct {
	Team   string
	People []escalate.PersonID // empty: a gap, nobody is on call
	// Until is when other people are on call, or when the gap ends; Then has those who follow, empty if a gap begins. Until is zero if nobody
	// knows: the team has no schedule, so that all its members are on call, its schedule is written in code, or it does not change for long.
	Until time.Time
	Then  []escalate.PersonID
}

// OnCall returns who is on call for a team at an instant, by the catalog of now. It reads no store. An error for a team that there is not
// names those that there are. Another error says that the schedule of the team panicked; nobody is on call then.
func (e *Engine) OnCall(team string, at time.Time) (OnCall, error) {
	cat := e.catalog.Load()
	if err := cat.CheckTeam(team); err != nil {
		return OnCall{}, fmt.Errorf("tocsin: on call: %w", err)
	}
	if at.IsZero() {
		return OnCall{}, errors.New("tocsin: on call: the instant is missing, expected one such as time.Now()")
	}
	people, failed := cat.OnCall(team, at)
	if failed != nil {
		return OnCall{Team: team}, fmt.Errorf("tocsin: on call: team %s: %s: %w", team, failed.What, failed.Err)
	}
	o := OnCall{Team: team, People: slices.Clone(people)}
	o.Until, o.Then = cat.OnCallUntil(team, at)
	return o, nil
}
