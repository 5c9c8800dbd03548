package run

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

// Run is one run of a runbook in an incident. It keeps a copy of the runbook from its beginning. The zero value has not begun.
type Run struct {
	ID          string           `json:"id" erase:"keep"`
	Number      int              `json:"number"` // among the runs of its incident, from 1
	Incident    string           `json:"incident" erase:"keep"`
	Subject     string           `json:"subject,omitempty" erase:"words"`
	DryRun      bool             `json:"dryRun,omitempty"`
	TraceParent string           `json:"traceParent,omitempty" erase:"keep"`
	Runbook     automate.Runbook `json:"runbook" erase:"words"` // with the arguments filled in
	State       automate.State   `json:"state" erase:"keep"`
	By          string           `json:"by,omitempty" erase:"by"`     // the person who began it or agreed
	Why         string           `json:"why,omitempty" erase:"words"` // why it did not end as done; a text of the engine
	Said        incident.Said    `json:"said,omitzero"`               // a person's reason to end it
	Began       time.Time        `json:"began"`
	Ended       time.Time        `json:"ended,omitzero"`
	Lapses      time.Time        `json:"lapses,omitzero"`   // when a proposal without an answer is declined
	Deadline    time.Time        `json:"deadline,omitzero"` // when the run stops and undoes what it did; zero: never, or it does so already
	Undoing     bool             `json:"undoing,omitempty"` // the deadline has passed
	Admitted    bool             `json:"admitted,omitempty"`
	Released    bool             `json:"released,omitempty"`
	// Steps has the progress of each step of the runbook.
	Steps []Progress `json:"steps"`
}

// Holder is the name under which an owning run has the incident.
func (r *Run) Holder() string {
	return fmt.Sprintf("runbook %s/%d", r.Runbook.Name, r.Number)
}

// Progress is the progress of one step.
type Progress struct {
	State automate.State `json:"state" erase:"keep"`
	// Phase is the phase of the action, phaseWait or phaseAsk.
	Phase automate.Phase `json:"phase,omitempty" erase:"keep"`
	Began time.Time      `json:"began,omitzero"`
	Ended time.Time      `json:"ended,omitzero"`
	// Next is the deadline of the step: its wait ends, its call has failed, or its question escalates.
	Next   time.Time     `json:"next,omitzero"`
	Output string        `json:"output,omitempty" erase:"words"`
	Error  string        `json:"error,omitempty" erase:"words"`
	By     string        `json:"by,omitempty" erase:"by"` // the person who answered
	Said   incident.Said `json:"said,omitzero"`           // the answer
	// Late marks a diagnostic past its deadline. The page no longer waits for it, but its outcome still counts.
	Late bool `json:"late,omitempty"`
}

const (
	phaseWait automate.Phase = "wait"
	phaseAsk  automate.Phase = "ask"
)

// Order describes a run that is to begin.
type Order struct {
	// ID is the id of the run. It must be the same for the same incident, runbook and occasion, since the idempotency keys of the
	// invocations begin with it.
	ID       string
	Number   int // among the runs of the incident, from 1
	Incident string
	Event    *event.Event // source of the subject and the arguments; nil: it has no fields
	By       string       // the person who begins the run; empty: the mode decides
	DryRun   bool         // call actions with DryRun, ask nobody, do not wait and count for no limit
}

// Terms are the circumstances of a run at the instant of a call.
type Terms struct {
	Admit  func() *Refusal // asks the ledger, which counts the run; nil: the run may begin
	Check  func() *Refusal // asks the ledger, which counts nothing; nil: the run could begin
	Switch func() *Switch  // returns the kill switch; nil: it is not thrown
}

// Reply is the final outcome of an invocation. An error that is retried is no Reply.
type Reply struct {
	Step   int // from 1
	Phase  automate.Phase
	Result automate.Result
	Err    string // empty: success
}

// Output is a request or report of a run. The set is closed: [Invoke], [Withdraw], [Propose], [Ask], [Overdue], [Began],
// [Settled], [Raise], [Failure], [Denied], [Release] and [Ended].
type Output interface{ output() }

// Invoke asks to call an action; see [automate.Call]. The outcome comes back as a [Reply]. After Expires it is ignored.
type Invoke struct {
	automate.Invocation
	Expires time.Time
}

// Withdraw asks to cancel the invocation with the key, if its call has not begun.
type Withdraw struct{ Key string }

// Propose asks people whether the run may begin. The answer is [Run.Approve] or [Run.Decline].
type Propose struct{ Lapses time.Time }

// Ask asks people to carry out the step. The answer is [Run.Answer].
type Ask struct {
	Step int
	Text string
}

// Overdue reports a question without an answer at its deadline. The incident escalates, and the question stays open.
type Overdue struct {
	Step int
	Text string
}

// Began reports that the run acts from now on. With Owning, the run holds the incident and the escalation pauses until the run ends.
// A run never counts as a person.
type Began struct{ Owning bool }

// Settled reports that the step has ended. Its [Progress] has the result.
type Settled struct{ Step int }

// Raise asks to raise the priority of the incident to Priority, if that is higher.
type Raise struct {
	Step     int
	Priority severity.Priority
}

// Failure reports that the run has failed and a person is needed. The incident escalates. Step 0 is the proposal, or the run as
// a whole.
type Failure struct {
	Step  int
	Phase automate.Phase
	Why   string
}

// Denied reports a refused run. With Page, the incident escalates.
type Denied struct{ Refusal }

// Release asks for [Ledger.Release], since the run has stopped acting. The run itself may end later: a last question to a person
// delays no other run. Acted is false for a run that did no step but diagnostics.
type Release struct{ Acted bool }

// Ended reports the end of the run: its state is Done, Failed, Declined, Refused or Stopped.
type Ended struct {
	State automate.State
	Why   string        // a text of the engine
	Said  incident.Said // a person's reason to end it
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
