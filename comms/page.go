package comms

import "time"

// Condition is how a component works, as customers are told. The words are those of Statuspage.
type Condition string

// The conditions, the best first. Maintenance stands between working and failing.
const (
	Operational      Condition = "operational"
	UnderMaintenance Condition = "under_maintenance"
	Degraded         Condition = "degraded_performance"
	PartialOutage    Condition = "partial_outage"
	MajorOutage      Condition = "major_outage"
)

// Conditions returns the conditions, the best first.
func Conditions() []Condition {
	return []Condition{Operational, UnderMaintenance, Degraded, PartialOutage, MajorOutage}
}

// Page is all that a public page shows. It is made of what was written for customers: no field of an incident, an alert, a person or a
// rule reaches it, and its ids are not those of incidents.
type Page struct {
	Brand  Brand     `json:"brand"`
	AsOf   time.Time `json:"asOf"`
	Groups []Group   `json:"groups,omitempty"`
	Posts  []Post    `json:"posts,omitempty"` // the open ones first, then the latest; of at most 90 days
	Work   []Work    `json:"work,omitempty"`  // what runs first, then what comes next, then what ended in the last 90 days
}

// Brand is how a page names its owner.
type Brand struct {
	Name    string `json:"name"`
	Support string `json:"support,omitempty"` // an https address where customers get help
	Logo    string `json:"logo,omitempty"`    // a path or an https address of a picture
	Colour  string `json:"colour,omitempty"`  // such as #0a5; empty: that of the page
}

// Group is components under one heading.
type Group struct {
	Name       string      `json:"name,omitempty"`
	Components []Component `json:"components"`
}

// Component is a part of what customers use.
type Component struct {
	ID     string    `json:"id"` // public, and the same as long as the catalog calls the service so
	Name   string    `json:"name"`
	State  Condition `json:"state"`
	Says   string    `json:"says,omitempty"`   // a sentence for customers; empty: nothing but the state
	Since  time.Time `json:"since,omitzero"`   // when the state began; zero: unknown, or operational
	Uptime []Uptime  `json:"uptime,omitempty"` // over 30, 90 and 365 days
	Days   []Day     `json:"days,omitempty"`   // the last 90 days in UTC, the oldest first
}

// Uptime is the share of a time in which a component worked.
type Uptime struct {
	Days  int     `json:"days"`  // how many days it covers, counted back from AsOf
	Share float64 `json:"share"` // 0 to 1
}

// Day is one day of a component in UTC.
type Day struct {
	Date  string        `json:"date"`            // such as 2026-03-02
	Worst Condition     `json:"worst,omitempty"` // empty: nothing is known of that day
	Down  time.Duration `json:"down,omitempty"`  // how long it did not work, planned work left out
}

// WorkState is how far planned work is.
type WorkState string

// The states of planned work.
const (
	Scheduled  WorkState = "scheduled"
	InProgress WorkState = "in_progress"
	Verifying  WorkState = "verifying"
	Completed  WorkState = "completed"
	CalledOff  WorkState = "called_off"
)

// Work is planned work that customers are told of.
type Work struct {
	ID         string    `json:"id"` // public
	Title      string    `json:"title"`
	Text       string    `json:"text,omitempty"`
	Components []string  `json:"components,omitempty"` // ids
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
	State      WorkState `json:"state"`
	Entries    []Note    `json:"entries,omitempty"` // the latest first
}

// Note is what customers were told of planned work.
type Note struct {
	State WorkState `json:"state"`
	At    time.Time `json:"at"`
	Text  string    `json:"text"`
}
