package automate

// State of a run, or of one of its steps.
type State string

// The states. A run is proposed, running, or has ended in one of the last six; a step is waiting, running, or has ended as
// done, failed, skipped, compensated or stopped.
const (
	Proposed    State = "proposed" // it looks, and waits for a person to agree
	Waiting     State = "waiting"
	Running     State = "running"
	Done        State = "done"
	Skipped     State = "skipped"     // the run ended before it
	Compensated State = "compensated" // it failed, and was taken back
	Failed      State = "failed"
	Declined    State = "declined" // a person did not agree, or nobody did in time
	Refused     State = "refused"  // by a limit
	Stopped     State = "stopped"  // by a person
)
