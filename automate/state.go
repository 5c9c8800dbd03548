package automate

// State of a run, or of one of its steps.
type State string

// The states. A run is proposed or running, or ended as done, failed, declined, refused or stopped. A step is waiting or running, or
// ended as done, failed, skipped, compensated or stopped.
const (
	Proposed    State = "proposed" // diagnostics run, and a person must agree
	Waiting     State = "waiting"
	Running     State = "running"
	Done        State = "done"
	Skipped     State = "skipped"     // the run ended before the step began
	Compensated State = "compensated" // the step failed, and its effects were undone
	Failed      State = "failed"
	Declined    State = "declined" // a person declined, or nobody agreed in time
	Refused     State = "refused"  // a limit refused the run
	Stopped     State = "stopped"  // a person, the kill switch or the end of the incident stopped it
)
