package status

import (
	"crypto/rand"
	"mime"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// The bodies of commands by which people run an incident. Fields go by their names with a small first letter.
type (
	bodyDeclare struct {
		Title, Class, Service string
		Priority              severity.Priority
		Because               string
	}
	bodyBecause struct{ Because string }
	bodyProceed struct{ Step incident.Step }
	bodyClose   struct{ Waive string }
	bodyAmend   struct {
		Moment  incident.Moment
		To      time.Time
		Because string
	}
	bodyAssess struct {
		Impact  severity.Impacts
		Because string
	}
	bodyPrivate struct {
		Off     bool
		Because string
	}
	bodyAssume struct {
		Role incident.Role
		From escalate.PersonID
	}
	bodyRenounce struct{ Role incident.Role }
	bodyOffer    struct {
		Role incident.Role
		To   escalate.PersonID
	}
	bodyAcceptRole struct {
		Role    incident.Role
		Decline bool
	}
	bodyAddTodo struct {
		Text  string
		Owner escalate.PersonID
		Due   time.Time
	}
	bodyDoneTodo   struct{ Todo int }
	bodyAssignTodo struct {
		Todo  int
		Owner escalate.PersonID
		Due   time.Time
	}
	bodyAsk struct {
		Text     string
		Options  []string
		Decider  escalate.PersonID
		Role     incident.Role
		Deadline time.Time
	}
	bodyDecide struct {
		Decision, Option int
		Because          string
	}
	bodyDraft struct {
		Stage                                       comms.Stage
		Audience                                    string
		Text, Affected, Doing, Workaround, Expected string
		Confirm                                     bool
	}
	bodyVerdict struct {
		Update  string
		Decline bool
		Because string
	}
	bodySend struct {
		Update              string
		Stage               comms.Stage
		BreakGlass, Confirm bool
		Because             string
	}
	bodyMend struct {
		Update, Text, Because string
		BreakGlass, Confirm   bool
	}
)

// apiLife has the commands about the phases of an incident.
func apiLife() map[string]apiRoute {
	const of = "POST /incidents/{id}/"
	return map[string]apiRoute{
		"POST /incidents": {answer: (*apiRequest).declare},
		of + "accept": apiCommand(func(h respond.Head, _ bodyNone) respond.Command {
			return respond.Accept{Incident: h.Incident, By: h.By, ID: h.ID}
		}),
		of + "decline": apiCommand(func(h respond.Head, b bodyBecause) respond.Command {
			return respond.Decline{Incident: h.Incident, By: h.By, ID: h.ID, Because: b.Because}
		}),
		of + "cancel": apiCommand(func(h respond.Head, b bodyBecause) respond.Command {
			return respond.Cancel{Incident: h.Incident, By: h.By, ID: h.ID, Because: b.Because}
		}),
		of + "proceed": apiCommand(func(h respond.Head, b bodyProceed) respond.Command {
			return respond.Proceed{Incident: h.Incident, By: h.By, ID: h.ID, Step: b.Step}
		}),
		of + "mitigate": apiCommand(func(h respond.Head, b bodyBecause) respond.Command {
			return respond.Mitigate{Incident: h.Incident, By: h.By, ID: h.ID, Because: b.Because}
		}),
		of + "reopen": apiCommand(func(h respond.Head, b bodyBecause) respond.Command {
			return respond.Reopen{Incident: h.Incident, By: h.By, ID: h.ID, Because: b.Because}
		}),
		of + "close": apiCommand(func(h respond.Head, b bodyClose) respond.Command {
			return respond.Close{Incident: h.Incident, By: h.By, ID: h.ID, Waive: b.Waive}
		}),
		of + "amend": apiCommand(func(h respond.Head, b bodyAmend) respond.Command {
			return respond.Amend{Incident: h.Incident, By: h.By, ID: h.ID, Moment: b.Moment, To: b.To, Because: b.Because}
		}),
		of + "assess": apiCommand(func(h respond.Head, b bodyAssess) respond.Command {
			return respond.Assess{Incident: h.Incident, By: h.By, ID: h.ID, Impact: b.Impact, Because: b.Because}
		}),
		of + "set-private": apiCommand(func(h respond.Head, b bodyPrivate) respond.Command {
			return respond.SetPrivate{Incident: h.Incident, By: h.By, ID: h.ID, Off: b.Off, Because: b.Because}
		}),
	}
}

// apiRoles has the commands about roles, to-dos and decisions.
func apiRoles() map[string]apiRoute {
	const of = "POST /incidents/{id}/"
	return map[string]apiRoute{
		of + "assume-role": apiCommand(func(h respond.Head, b bodyAssume) respond.Command {
			return respond.Assume{Incident: h.Incident, By: h.By, ID: h.ID, Role: b.Role, From: b.From}
		}),
		of + "renounce-role": apiCommand(func(h respond.Head, b bodyRenounce) respond.Command {
			return respond.Renounce{Incident: h.Incident, By: h.By, ID: h.ID, Role: b.Role}
		}),
		of + "offer-role": apiCommand(func(h respond.Head, b bodyOffer) respond.Command {
			return respond.Offer{Incident: h.Incident, By: h.By, ID: h.ID, Role: b.Role, To: b.To}
		}),
		of + "accept-role": apiCommand(func(h respond.Head, b bodyAcceptRole) respond.Command {
			return respond.AcceptRole{Incident: h.Incident, By: h.By, ID: h.ID, Role: b.Role, Decline: b.Decline}
		}),
		of + "add-todo": apiCommand(func(h respond.Head, b bodyAddTodo) respond.Command {
			return respond.AddTodo{Incident: h.Incident, By: h.By, ID: h.ID, Text: b.Text, Owner: b.Owner, Due: b.Due}
		}),
		of + "done-todo": apiCommand(func(h respond.Head, b bodyDoneTodo) respond.Command {
			return respond.DoneTodo{Incident: h.Incident, By: h.By, ID: h.ID, Todo: b.Todo}
		}),
		of + "assign-todo": apiCommand(func(h respond.Head, b bodyAssignTodo) respond.Command {
			return respond.AssignTodo{Incident: h.Incident, By: h.By, ID: h.ID, Todo: b.Todo, Owner: b.Owner, Due: b.Due}
		}),
		of + "ask-decision": apiCommand(func(h respond.Head, b bodyAsk) respond.Command {
			return respond.AskDecision{
				Incident: h.Incident, By: h.By, ID: h.ID, Text: b.Text, Options: b.Options, Decider: b.Decider, Role: b.Role, Deadline: b.Deadline,
			}
		}),
		of + "decide": apiCommand(func(h respond.Head, b bodyDecide) respond.Command {
			return respond.Decide{Incident: h.Incident, By: h.By, ID: h.ID, Decision: b.Decision, Option: b.Option, Because: b.Because}
		}),
	}
}

// apiUpdates has the commands about updates to customers.
func apiUpdates() map[string]apiRoute {
	const of = "POST /incidents/{id}/"
	return map[string]apiRoute{
		of + "draft-update": apiCommand(func(h respond.Head, b bodyDraft) respond.Command {
			return respond.DraftUpdate{
				Incident: h.Incident, By: h.By, ID: h.ID, Stage: b.Stage, Audience: b.Audience, Text: b.Text, Affected: b.Affected, Doing: b.Doing,
				Workaround: b.Workaround, Expected: b.Expected, Confirm: b.Confirm,
			}
		}),
		of + "approve-update": apiCommand(func(h respond.Head, b bodyVerdict) respond.Command {
			return respond.ApproveUpdate{Incident: h.Incident, By: h.By, ID: h.ID, Update: b.Update, Decline: b.Decline, Because: b.Because}
		}),
		of + "send-update": apiCommand(func(h respond.Head, b bodySend) respond.Command {
			return respond.SendUpdate{
				Incident: h.Incident, By: h.By, ID: h.ID, Update: b.Update, Stage: b.Stage, BreakGlass: b.BreakGlass, Because: b.Because, Confirm: b.Confirm,
			}
		}),
		of + "correct-update": apiCommand(func(h respond.Head, b bodyMend) respond.Command {
			return respond.CorrectUpdate{
				Incident: h.Incident, By: h.By, ID: h.ID, Update: b.Update, Text: b.Text, BreakGlass: b.BreakGlass, Because: b.Because, Confirm: b.Confirm,
			}
		}),
		of + "retract-update": apiCommand(func(h respond.Head, b bodyMend) respond.Command {
			return respond.RetractUpdate{
				Incident: h.Incident, By: h.By, ID: h.ID, Update: b.Update, Text: b.Text, BreakGlass: b.BreakGlass, Because: b.Because, Confirm: b.Confirm,
			}
		}),
	}
}

// declare opens an incident, and answers how it stands.
func (q *apiRequest) declare() (any, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, err
	}
	var b bodyDeclare
	if err := q.decode(&b); err != nil {
		return nil, err
	}
	h := q.head("")
	if h.ID == "" { // by which it is found afterwards
		h.ID = rand.Text()
	}
	declared := respond.Declare{Tenant: tenant, Title: b.Title, Class: b.Class, Service: b.Service, Priority: b.Priority, By: h.By, Because: b.Because, ID: h.ID}
	if err := q.do(declared); err != nil {
		return nil, err
	}
	list, err := q.engine.Incidents(q.Context(), tocsin.Query{Tenant: tenant, Declared: h.ID, For: &q.viewer})
	if err != nil || len(list) == 0 {
		return nil, nil // it is declared, and how it stands cannot be said
	}
	return q.after(list[0].ID), nil
}

// briefing answers a text that catches somebody up who joins.
func (q *apiRequest) briefing() (any, error) {
	if err := q.params().faults(); err != nil {
		return nil, err
	}
	inc, err := q.visible(q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	text, err := q.engine.Briefing(q.Context(), inc.ID)
	if err != nil {
		return nil, err
	}
	if q.wantsText() {
		return plainText(text), nil
	}
	return map[string]string{"text": text}, nil
}

// plainText is an answer that is no JSON.
type plainText string

// wantsText reports whether the client takes plain text and does not name JSON.
func (q *apiRequest) wantsText() (wants bool) {
	for one := range strings.SplitSeq(strings.Join(q.Header.Values("Accept"), ","), ",") {
		switch media, _, _ := mime.ParseMediaType(one); media {
		case "application/json":
			return false
		case "text/plain":
			wants = true
		}
	}
	return wants
}
