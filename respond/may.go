package respond

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
)

// Viewer is the person or the machine that came in through a door: a page, an API, a link, a button. The door vouches for all of it. The
// zero Viewer is nobody, and so is one with both a Person and a Machine.
type Viewer struct {
	Person  escalate.PersonID
	Machine string // name of a program, such as deploy-bot
	// Tenants are the tenants that the viewer may see. nil: only the tenant without a name, which is the only one where none are used.
	Tenants []string
	Grants  []string // [GrantOperator] and [GrantApprove]; others mean nothing to May
}

// The grants.
const (
	GrantOperator = "operator" // resends, ends the kill switch, and does what the owner team may do
	GrantApprove  = "approve"  // lets runbooks act, and updates go to customers
)

// Nobody reports whether v names no person and no machine, or both.
func (v Viewer) Nobody() bool { return (v.Person == "") == (v.Machine == "") }

// Sees reports whether v may see the tenant and its incidents. Nobody sees none.
func (v Viewer) Sees(tenant string) bool {
	if v.Nobody() {
		return false
	}
	return slices.Contains(v.Tenants, tenant) || v.Tenants == nil && tenant == ""
}

// Has reports whether v has the grant. Nobody has none.
func (v Viewer) Has(grant string) bool { return !v.Nobody() && slices.Contains(v.Grants, grant) }

// By returns the name under which v acts: the person, or machine:NAME.
func (v Viewer) By() escalate.PersonID {
	if v.Machine != "" {
		return escalate.PersonID("machine:" + v.Machine)
	}
	return v.Person
}

// About is what a decision of [May] rests on beside the viewer and the command.
type About struct {
	Incident incident.Incident // the zero Incident: the command is about none
	Owner    bool              // the viewer is of the team that owns the incident
	Contact  bool              // the viewer has the contact to which a test is sent
}

// responds reports whether the person was told of the incident, is being paged, or has it by an acknowledgement or a role, also by one that
// ended with the incident.
func (a *About) responds(person escalate.PersonID) bool {
	i := &a.Incident
	return slices.ContainsFunc(i.Told, func(t incident.Told) bool { return t.Person == person }) ||
		slices.ContainsFunc(i.Pending, func(m incident.Message) bool { return m.Level > 0 && m.Person == person }) ||
		slices.ContainsFunc(i.Escalation.Acks, func(a escalate.Ack) bool { return a.By == person }) ||
		slices.ContainsFunc(i.Roles, func(a incident.Assignment) bool {
			return a.Person == person && (a.Held() || a.Renounced.Equal(i.Closed))
		})
}

// requested reports whether the viewer began the run.
func (a *About) requested(run string, v Viewer) bool {
	return slices.ContainsFunc(a.Incident.Runs, func(r incident.Run) bool { return r.ID == run && r.By == string(v.By()) })
}

// update returns the update of the incident with the id, nil if there is none.
func (a *About) update(id string) *comms.Update {
	if a.Incident.Comms == nil {
		return nil
	}
	updates := a.Incident.Comms.Updates
	i := slices.IndexFunc(updates, func(u comms.Update) bool { return u.ID == id })
	if i < 0 {
		return nil
	}
	return &updates[i]
}

// Need is what a viewer lacks for a command.
type Need string

// The needs.
const (
	NeedName      Need = "name"      // the viewer is nobody
	NeedTenant    Need = "tenant"    // the viewer does not see the tenant, or the incident, which is private
	NeedPerson    Need = "person"    // the viewer is a machine
	NeedResponder Need = "responder" // the viewer is not of the owner team, was not paged and does not have the incident
	NeedOperator  Need = "operator"  // the viewer lacks [GrantOperator]
	NeedApprove   Need = "approve"   // the viewer lacks [GrantApprove]
	NeedOther     Need = "other"     // the viewer asked for the run or drafted the update, so somebody else must approve it
	NeedPolicy    Need = "policy"    // the program's own rule refuses
)

// ForbiddenError says that a viewer may not give a command, whatever the state of the incident. A [RefusedError] speaks of the state.
type ForbiddenError struct {
	Viewer   Viewer
	Incident string // id; empty: the command is about none
	Need     Need   // what is missing
	Who      string // who may, such as "a person of the team payments"
	Err      error  // the error of the program's own rule, for NeedPolicy
}

// Error implements error.
func (e *ForbiddenError) Error() string {
	about := ""
	if e.Incident != "" {
		about = fmt.Sprintf("incident %q: ", e.Incident)
	}
	if e.Err != nil {
		return line.Of(fmt.Sprintf("%s%s may not do this: %v", about, e.name(), e.Err))
	}
	return line.Of(fmt.Sprintf("%s%s may not do this, expected %s", about, e.name(), e.Who))
}

func (e *ForbiddenError) name() string {
	return cmp.Or(string(e.Viewer.By()), "nobody")
}

// Unwrap returns the error of the program's own rule.
func (e *ForbiddenError) Unwrap() error { return e.Err }

// May reports whether a viewer who sees the incident, or the tenant of a command about none, may give the command. The error is a
// [*ForbiddenError]. Ask [Viewer.MaySee] first, or [Viewer.Sees] where there is no incident. A command that May does not know is for operators.
//
//	acknowledge, unacknowledge           a person
//	assume, renounce, offer, accept      a person
//	decide                               a person
//	declare                              a person, an operator
//	escalate, note, page, stop a run     a person, an operator
//	to-dos, ask for a decision           a person, an operator
//	resolve, reprioritise, assess        the owner team, who was paged or informed, who has the incident or a role in it, an operator
//	accept, decline, cancel, proceed     these
//	mitigate, reopen, close, amend       these
//	make private, show again             these
//	try a run                            these
//	answer a step                        a person of these
//	start a run                          of these who has the grant approve
//	approve, decline                     a person with the grant approve, but who asked for the run
//	draft, send, correct, retract an
//	update to customers                  a person of these
//	approve, decline an update           a person who was asked to, or with the grant approve, but who drafted it; who drafted it may decline
//	kill switch on                       everybody
//	a test message                       who has the contact, an operator
//	kill switch off, resend              an operator
//
// An acknowledgement is that of a person who has the incident. A machine cannot give it: a runbook that is owning pauses the escalation
// while it runs.
func May(v Viewer, c Command, about About) error {
	j := judgement{v, &about}
	if v.Nobody() {
		return j.needs(NeedName)
	}
	switch c := c.(type) {
	case Acknowledge, Unacknowledge, Assume, Renounce, Offer, AcceptRole, Decide:
		return j.first(NeedPerson)
	case Declare, Escalate, Note, Page, StopRun, AddTodo, DoneTodo, AssignTodo, AskDecision:
		if v.Has(GrantOperator) {
			return nil
		}
		return j.first(NeedPerson)
	case Resolve, Reprioritise, Assess, SetPrivate, Accept, Decline, Cancel, Proceed, Mitigate, Reopen, Close, Amend:
		return j.first(NeedResponder)
	case Answer, DraftUpdate, SendUpdate, CorrectUpdate, RetractUpdate:
		return j.first(NeedPerson, NeedResponder)
	case ApproveUpdate:
		return j.update(c)
	case StartRun:
		if c.DryRun {
			return j.first(NeedResponder)
		}
		return j.first(NeedResponder, NeedApprove)
	case Approve:
		if about.requested(c.Run, v) {
			return j.needs(NeedOther)
		}
		return j.first(NeedPerson, NeedApprove)
	case KillSwitch:
		if !c.Off {
			return nil
		}
	case Subscribe, ConfirmSubscriber, Unsubscribe: // the engine gives them itself, for people without a login
	case SendTest:
		if about.Contact {
			return nil
		}
	}
	return j.first(NeedOperator) // Resend, and what is not known here
}

// update judges who approves or declines an update.
func (j judgement) update(c ApproveUpdate) error {
	by := string(j.viewer.By())
	up := j.about.update(c.Update)
	switch {
	case up != nil && up.Drafted.By == by && c.Decline:
		return nil
	case up != nil && (up.Drafted.By == by || up.Sent.By == by):
		return j.needs(NeedOther)
	case up != nil && slices.Contains(up.Asked, by):
		return j.first(NeedPerson)
	}
	return j.first(NeedPerson, NeedApprove)
}

// judgement is what May goes by.
type judgement struct {
	viewer Viewer
	about  *About
}

// first returns the error of the first need that the viewer does not meet.
func (j judgement) first(needs ...Need) error {
	for _, n := range needs {
		if !j.meets(n) {
			return j.needs(n)
		}
	}
	return nil
}

func (j judgement) meets(n Need) bool {
	v := j.viewer
	switch n {
	case NeedPerson:
		return v.Person != ""
	case NeedResponder:
		return j.about.Owner || v.Has(GrantOperator) || v.Person != "" && j.about.responds(v.Person)
	case NeedOperator:
		return v.Has(GrantOperator)
	case NeedApprove:
		return v.Has(GrantApprove)
	}
	return false
}

func (j judgement) needs(n Need) error {
	return &ForbiddenError{Viewer: j.viewer, Incident: j.about.Incident.ID, Need: n, Who: j.who(n)}
}

// who says who meets a need.
func (j judgement) who(n Need) string {
	switch n {
	case NeedName:
		return "a person or a machine, by name"
	case NeedPerson:
		return "a person; what a machine does is an action, and a runbook that is owning pauses the escalation"
	case NeedResponder:
		return fmt.Sprintf("a person of the team %s, somebody who was paged or has the incident, or an operator", j.about.Incident.Owner)
	case NeedApprove:
		return "somebody with the grant " + GrantApprove
	case NeedOther:
		return "somebody else with the grant " + GrantApprove + " than who asked for it"
	}
	return "somebody with the grant " + GrantOperator
}
