package incident

import (
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Todo is something that is to be done in an incident.
type Todo struct {
	ID     int               `json:"id"`   // its number in the incident, from 1
	Said   Said              `json:"said"` // what it is, and who added it
	Owner  escalate.PersonID `json:"owner" erase:"keep"`
	Due    time.Time         `json:"due,omitzero"`  // when the owner is reminded; zero: never
	Done   time.Time         `json:"done,omitzero"` // zero: it is open
	DoneBy escalate.PersonID `json:"doneBy,omitempty" erase:"keep"`
}

// Decision is a question that somebody is to decide.
type Decision struct {
	ID      int                 `json:"id"`            // its number in the incident, from 1
	By      escalate.PersonID   `json:"by" erase:"by"` // who asks
	Text    string              `json:"text" erase:"said"`
	Options []string            `json:"options" erase:"said"`
	At      time.Time           `json:"at"`                           // when it was asked
	Asked   []escalate.PersonID `json:"asked,omitempty" erase:"keep"` // who was asked, one after another, and may decide
	Role    Role                `json:"role,omitempty" erase:"keep"`  // whose holder may decide; empty: of none
	All     bool                `json:"all,omitempty"`                // it went to the next level, and whoever responds may decide
	Until   time.Time           `json:"until,omitzero"`               // when the next person is asked; zero: nobody is
	Within  time.Duration       `json:"within"`                       // how long each person has, in nanoseconds
	Option  int                 `json:"option,omitempty"`             // that was chosen, from 1; 0: it is open
	Decided time.Time           `json:"decided,omitzero"`
	Said    Said                `json:"said,omitzero"` // who decided, and why
}
