package status

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// roomForm is a form of the room that was sent.
type roomForm struct {
	*request
	id string
	by escalate.PersonID
}

func (f *roomForm) text(name string) string { return strings.TrimSpace(f.PostFormValue(name)) }

func (f *roomForm) role() incident.Role { return incident.Role(f.text("role")) }

func (f *roomForm) to() escalate.PersonID { return escalate.PersonID(f.text("to")) }

// number is 0, which commands refuse, if it cannot be read.
func (f *roomForm) number(name string) int {
	n, _ := strconv.Atoi(f.text(name))
	return n
}

// after is the instant so many minutes from now, and zero if none are given.
func (f *roomForm) after() (time.Time, error) {
	text := f.text("within")
	if text == "" {
		return time.Time{}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100_000 {
		return time.Time{}, &respond.RefusedError{Incident: f.id, Reason: fmt.Sprintf("%.20q minutes, expected a whole number from 1 to 100000", text)}
	}
	return f.now().Add(time.Duration(n) * time.Minute), nil
}

// roomCommand makes the command of a form of the room; nil if do is none of its actions.
func (q *request) roomCommand(do, id string, by escalate.PersonID) (respond.Command, error) {
	f := &roomForm{q, id, by}
	for _, of := range []func(*roomForm, string) (respond.Command, error){(*roomForm).life, (*roomForm).part, (*roomForm).update} {
		if c, err := of(f, do); c != nil || err != nil {
			return c, err
		}
	}
	return nil, fmt.Errorf("%w: nothing is called %.40q", errForm, do)
}

// life makes the commands that move an incident on.
func (f *roomForm) life(do string) (respond.Command, error) {
	note := f.text("note")
	switch do {
	case "accept":
		return respond.Accept{Incident: f.id, By: f.by}, nil
	case "decline-incident":
		return respond.Decline{Incident: f.id, By: f.by, Because: note}, nil
	case "cancel":
		return respond.Cancel{Incident: f.id, By: f.by, Because: note}, nil
	case "proceed":
		return respond.Proceed{Incident: f.id, By: f.by, Step: incident.Step(f.text("to"))}, nil
	case "mitigate":
		return respond.Mitigate{Incident: f.id, By: f.by, Because: note}, nil
	case "reopen":
		return respond.Reopen{Incident: f.id, By: f.by, Because: note}, nil
	case "close":
		return respond.Close{Incident: f.id, By: f.by, Waive: note}, nil
	case "make-private":
		return respond.SetPrivate{Incident: f.id, By: f.by, Because: note}, nil
	case "amend":
		when, err := time.ParseInLocation("2006-01-02T15:04", f.text("when"), f.zone)
		if err != nil {
			return nil, &respond.RefusedError{Incident: f.id, Reason: "the time cannot be read, expected one such as 2026-03-02T14:05"}
		}
		return respond.Amend{Incident: f.id, By: f.by, Moment: incident.ImpactStarted, To: when, Because: note}, nil
	case "assess":
		var g severity.Grade
		err := g.UnmarshalText([]byte(f.text("grade")))
		return respond.Assess{Incident: f.id, By: f.by, Impact: severity.Impacts{severity.Dimension(f.text("dimension")): g}, Because: note}, err
	}
	return nil, nil
}

// part makes the commands about roles, to-dos and decisions.
func (f *roomForm) part(do string) (respond.Command, error) {
	switch do {
	case "assume":
		return respond.Assume{Incident: f.id, By: f.by, Role: f.role(), From: escalate.PersonID(f.text("from"))}, nil
	case "renounce":
		return respond.Renounce{Incident: f.id, By: f.by, Role: f.role()}, nil
	case "offer":
		return respond.Offer{Incident: f.id, By: f.by, Role: f.role(), To: f.to()}, nil
	case "accept-role", "decline-role":
		return respond.AcceptRole{Incident: f.id, By: f.by, Role: f.role(), Decline: do == "decline-role"}, nil
	case "add-todo":
		due, err := f.after()
		return respond.AddTodo{Incident: f.id, By: f.by, Text: f.text("text"), Owner: f.to(), Due: due}, err
	case "done-todo":
		return respond.DoneTodo{Incident: f.id, By: f.by, Todo: f.number("number")}, nil
	case "assign-todo":
		return respond.AssignTodo{Incident: f.id, By: f.by, Todo: f.number("number"), Owner: f.to()}, nil
	case "ask-decision":
		var options []string
		for text := range strings.Lines(f.PostFormValue("options")) {
			if text = strings.TrimSpace(text); text != "" {
				options = append(options, text)
			}
		}
		deadline, err := f.after()
		return respond.AskDecision{Incident: f.id, By: f.by, Text: f.text("text"), Options: options, Decider: f.to(), Deadline: deadline}, err
	case "decide":
		return respond.Decide{Incident: f.id, By: f.by, Decision: f.number("number"), Option: f.number("option"), Because: f.text("note")}, nil
	}
	return nil, nil
}

// update makes the commands about updates to customers.
func (f *roomForm) update(do string) (respond.Command, error) {
	update, note, sure := f.text("update"), f.text("note"), f.text("confirm") != ""
	switch do {
	case "send-update":
		return respond.SendUpdate{Incident: f.id, By: f.by, Update: update}, nil
	case "break-glass":
		return respond.SendUpdate{Incident: f.id, By: f.by, BreakGlass: true, Because: note}, nil
	case "draft-update":
		return respond.DraftUpdate{
			Incident: f.id, By: f.by, Stage: comms.Stage(f.text("stage")), Audience: f.text("audience"), Text: f.text("text"), Affected: f.text("affected"),
			Doing: f.text("doing"), Workaround: f.text("workaround"), Expected: f.text("expected"), Confirm: sure,
		}, nil
	case "approve-update", "decline-update":
		return respond.ApproveUpdate{Incident: f.id, By: f.by, Update: update, Decline: do == "decline-update", Because: note}, nil
	case "correct-update":
		return respond.CorrectUpdate{Incident: f.id, By: f.by, Update: update, Text: f.text("text"), Confirm: sure}, nil
	case "retract-update":
		return respond.RetractUpdate{Incident: f.id, By: f.by, Update: update, Because: note}, nil
	}
	return nil, nil
}
