package severity

import (
	"slices"
	"time"
)

// Objective names something that people are to do about an incident within a time.
type Objective string

// The objectives.
const (
	ToAcknowledge Objective = "acknowledge" // a person has the incident
	ToEngage      Objective = "engage"      // the first role that the plan requires is filled; where it requires none, any role, or a person has the incident
	ToUpdate      Objective = "update"      // the first update to customers has left; an incident without a communication plan has no such objective
	ToResolve     Objective = "resolve"
)

// AllObjectives returns the objectives in the order in which people read them.
func AllObjectives() []Objective {
	return []Objective{ToAcknowledge, ToEngage, ToUpdate, ToResolve}
}

// Valid reports whether o is one of the objectives.
func (o Objective) Valid() bool { return slices.Contains(AllObjectives(), o) }

// Objectives are the response-time objectives of a priority: how soon each is to be met, counted from when the incident got its worst
// priority. An objective that is missing is none.
type Objectives map[Objective]time.Duration
