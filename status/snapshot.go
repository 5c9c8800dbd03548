package status

import (
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/severity"
)

// Snapshot is what a dashboard shows at an instant, as plain data.
type Snapshot struct {
	Now  time.Time // in the zone in which people read times
	AsOf time.Time // when the engine was last known to work; everything else here is from then
	// Fault says why nothing newer is known, such as "the store does not answer". Empty: AsOf is recent.
	Fault       string
	Services    int        // number of services in the catalog
	Open        []Incident // all that have not resolved, in the order in which they need people
	Asks        []Ask      // what runbooks wait for, the oldest first
	Sending     int        // messages on their way
	Needed      Need       // the service that most open incidents need
	Ended       time.Time  // when the last incident ended; zero: unknown
	OnCall      []Duty     // by team
	Gaps        []Gap      // the times without anybody on call, the earliest first
	Lost        []Lost     // pages of the last day that failed for good, the worst first
	DeadLetters int        // messages that failed for good and are still kept
	// Heard proves that the engine hears. Of it, Delivered may be from before the process began.
	Heard tocsin.Heard
}

// State says who has an incident.
type State string

// The states, in the order in which they need people.
const (
	Unheld   State = "unheld"   // somebody must take it, and nobody has
	Held     State = "held"     // somebody acknowledged it
	Watched  State = "watched"  // it recovered, and is watched for a relapse
	Informed State = "informed" // notices were sent, and nobody is asked to do anything
)

// Incident is an open incident on a dashboard.
type Incident struct {
	ID       string
	Title    string
	Service  string // empty: unknown
	Priority severity.Priority
	State    State
	Since    time.Time // when its first alert fired
	Alerts   int       // number of alerts
	Firing   int       // number of these that fire; of one that is watched: a person has said that it has recovered all the same
	Why      string    // the reason of its priority
	At       string    // position of its escalation, as in "1.2" for round 1, level 2

	Holders []string  // people who acknowledged it
	HeldAt  time.Time // when the first of them did; of one that is watched: when somebody first took it
	Asked   []string  // people and rooms who were paged
	Pages   []int     // how often each of Asked was; 0 or none: unknown
	Next    []string  // people and rooms who are asked next
	NextAt  time.Time // when they are; zero: nobody is
	// Recovered is when its alerts resolved, and Until when the watch ends. Until is zero if a person must end it.
	Recovered, Until time.Time
}

// Duty says who is on call for a team.
type Duty struct {
	Team   string
	People []string  // empty: nobody
	Until  time.Time // when that changes; zero: it does not
	Next   []string  // who is on call from then; empty: nobody
}

// Gap is a time in which nobody is on call for a team.
type Gap struct {
	Team     string
	From, To time.Time // To is zero if nobody knows
}

// Lost is a page that failed for good.
type Lost struct {
	To       string // person, else room
	Channel  string
	Priority severity.Priority
	Incident string // id
	Title    string // of the incident
	Why      string
	Died     time.Time
}

// Need is a service that open incidents need: they are about it, or about a service that cannot do without it.
type Need struct {
	Service   string
	Incidents int // zero: no service is needed by most of them
}

// Ask is something that a runbook waits for a person to say.
type Ask struct {
	Incident, Title string // id and title of the incident
	Run, Runbook    string // id and name
	Question        string // empty: whether it may begin
	Since           time.Time
}
