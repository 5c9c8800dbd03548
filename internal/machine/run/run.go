package run

import (
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Run is one run of a runbook in an incident. Its zero value has not begun. What it goes by is the runbook as it was when it
// began.
type Run struct {
	ID          string           `json:"id" erase:"keep"`
	Number      int              `json:"number"` // of the runs of its incident, from 1
	Incident    string           `json:"incident" erase:"keep"`
	Subject     string           `json:"subject,omitempty" erase:"words"`
	DryRun      bool             `json:"dryRun,omitempty"`
	TraceParent string           `json:"traceParent,omitempty" erase:"keep"`
	Runbook     automate.Runbook `json:"runbook" erase:"words"` // with the arguments filled in
	State       automate.State   `json:"state" erase:"keep"`
	By          string           `json:"by,omitempty" erase:"by"`     // the person who began it or agreed
	Why         string           `json:"why,omitempty" erase:"words"` // it did not end as done, in our own words
	Said        incident.Said    `json:"said,omitzero"`               // why a person ended it
	Began       time.Time        `json:"began"`
	Ended       time.Time        `json:"ended,omitzero"`
	Lapses      time.Time        `json:"lapses,omitzero"` // when a proposal is declined, if nobody answers
	Admitted    bool             `json:"admitted,omitempty"`
	Released    bool             `json:"released,omitempty"`
	// Steps holds for each step of the runbook how far it is.
	Steps []Progress `json:"steps"`
}

// Progress is how far one step is.
type Progress struct {
	State automate.State `json:"state" erase:"keep"`
	// Phase is that of the action, or wait or ask.
	Phase automate.Phase `json:"phase,omitempty" erase:"keep"`
	Began time.Time      `json:"began,omitzero"`
	Ended time.Time      `json:"ended,omitzero"`
	// Next is when the step goes on by itself: its wait is over, its action is given up, or others are asked.
	Next   time.Time     `json:"next,omitzero"`
	Output string        `json:"output,omitempty" erase:"words"`
	Error  string        `json:"error,omitempty" erase:"words"`
	By     string        `json:"by,omitempty" erase:"by"` // the person who answered
	Said   incident.Said `json:"said,omitzero"`           // the answer
	// Late marks a diagnostic for which the page did not wait any longer. Its outcome is still taken.
	Late bool `json:"late,omitempty"`
}

const (
	phaseWait automate.Phase = "wait"
	phaseAsk  automate.Phase = "ask"
)

// Order says what run is to begin.
type Order struct {
	// ID names the run, and is the same for the same incident, runbook and occasion: the keys of its invocations are made
	// of it.
	ID       string
	Number   int // counts the runs of the incident, from 1
	Incident string
	Event    *event.Event // whose fields are subject and arguments; nil has none
	By       string       // the person who begins it; empty: the mode decides
	DryRun   bool         // calls actions in their dry run, asks nobody, waits for nothing and counts for no limit
}

// Terms are what stands around a run at the instant of a call.
type Terms struct {
	Admit  func() *Refusal // asks the ledger; nil: the run may begin
	Switch func() *Switch  // the kill switch; nil: nobody has thrown it
}

// Reply is what became of an invocation for good: an Err of which a further try is under way is none.
type Reply struct {
	Step   int // from 1
	Phase  automate.Phase
	Result automate.Result
	Err    string // empty: it is done
}

// Output is what a run asks for or reports. The set is closed: [Invoke], [Withdraw], [Propose], [Ask], [Overdue], [Began],
// [Settled], [Raise], [Failure], [Denied], [Release] and [Ended].
type Output interface{ output() }

// Invoke asks to call an action; see [automate.Call]. What became of it by Expires is a [Reply]; later it counts for nothing.
type Invoke struct {
	automate.Invocation
	Expires time.Time
}

// Withdraw asks to drop the invocation with the key, if it has not left.
type Withdraw struct{ Key string }

// Propose asks people whether the run may begin. The answer is [Run.Approve] or [Run.Decline].
type Propose struct{ Lapses time.Time }

// Ask asks people to carry out the step. The answer is [Run.Answer].
type Ask struct {
	Step int
	Text string
}

// Overdue reports a question that nobody has answered in its time: the incident escalates. It stays open.
type Overdue struct {
	Step int
	Text string
}

// Began reports that the run acts from now on. That is an acknowledgement by the runbook, and never that of a person: only
// an Owning one pauses the escalation, until the run has ended.
type Began struct{ Owning bool }

// Settled reports that the step has ended; how, its [Progress] says.
type Settled struct{ Step int }

// Raise asks for this priority of the incident, where it is above the one it has.
type Raise struct {
	Step     int
	Priority severity.Priority
}

// Failure reports that the run has not done what it was to do, so that a person must: the incident escalates. Step 0 is the
// proposal.
type Failure struct {
	Step  int
	Phase automate.Phase
	Why   string
}

// Denied reports that a limit keeps the run from beginning. With Page, the incident escalates.
type Denied struct{ Refusal }

// Release asks to tell the ledger that the run acts no more, which may be before it ends: a question to a person keeps no
// other run waiting. See [Ledger.Release].
type Release struct{}

// Ended reports the end of the run: its state is Done, Failed, Declined, Refused or Stopped.
type Ended struct {
	State automate.State
	Why   string        // in our own words
	Said  incident.Said // why a person ended it
}

func (Invoke) output()   {}
func (Withdraw) output() {}
func (Propose) output()  {}
func (Ask) output()      {}
func (Overdue) output()  {}
func (Began) output()    {}
func (Settled) output()  {}
func (Raise) output()    {}
func (Failure) output()  {}
func (Denied) output()   {}
func (Release) output()  {}
func (Ended) output()    {}
