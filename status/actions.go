package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

const formMost = 64 << 10 // bytes of a form

// via is the way in that acknowledgements name.
const via = "dashboard"

// errForm reports a form that this package did not make.
var errForm = errors.New("the form is incomplete")

// act carries out what a form asks for, then leads back to the page of the form. A refusal is shown there at once.
func (q *request) act() error {
	if err := q.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errForm, err)
	}
	do, ids := q.PostFormValue("do"), q.PostForm["incident"]
	if do == "kill" || do == "revive" {
		ids = []string{""}
	}
	if len(ids) == 0 || len(ids) > rowsMost {
		return fmt.Errorf("%w: %d incidents, expected 1 to %d", errForm, len(ids), rowsMost)
	}
	refused, status := make(map[string]answer), http.StatusConflict
	for _, id := range ids {
		err := q.command(do, id)
		var no *respond.RefusedError
		var may *respond.ForbiddenError
		switch {
		case errors.As(err, &no):
			refused[id] = answer{Kind: "refused", Text: refusal(no)}
		case errors.As(err, &may):
			status, refused[id] = http.StatusForbidden, answer{Kind: "refused", Text: "You may not do this. It takes " + may.Who + "."}
		case err != nil:
			return err
		}
	}
	p := q.board(q.tenant).look(q.Context(), tocsin.Change{Incidents: ids})
	if len(refused) == 0 {
		q.back(do, ids[0])
		return nil
	}
	if said := refused[ids[0]]; q.PostFormValue("back") == "incident" {
		return q.incidentPage(status, ids[0], &said)
	}
	return q.render(status, "main", q.mainPage(q.seen(p), q.now(), refused))
}

// back leads to where the form was.
func (q *request) back(do, id string) {
	did := url.Values{"did": {do}}
	to := q.base
	switch q.PostFormValue("back") {
	case "incident":
		to += "incident/" + url.PathEscape(id) + "?" + did.Encode()
	case "messages":
		to += "messages?" + did.Encode()
	default:
		did.Set("of", id)
		to += "?" + did.Encode() + "#i-" + url.PathEscape(id)
	}
	q.w.Header().Set("Location", to)
	q.w.WriteHeader(http.StatusSeeOther)
}

// command makes the command of a form and carries it out.
func (q *request) command(do, id string) error {
	if id != "" {
		if _, err := q.find(id); err != nil {
			return err
		}
	}
	c, err := q.commandOf(do, id, q.viewer.Person)
	var no *respond.RefusedError
	switch {
	case errors.As(err, &no):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errForm, err)
	}
	if err := c.Check(); err != nil {
		return &respond.RefusedError{Incident: id, Reason: err.Error()}
	}
	ctx, cancel := context.WithTimeout(q.Context(), 10*time.Second)
	defer cancel()
	return q.engine.DoAs(ctx, q.viewer, c)
}

func (q *request) commandOf(do, id string, by escalate.PersonID) (respond.Command, error) {
	note, run := strings.TrimSpace(q.PostFormValue("note")), q.PostFormValue("run")
	step, _ := strconv.Atoi(q.PostFormValue("step"))
	switch do {
	case "acknowledge":
		return respond.Acknowledge{Incident: id, By: by, Via: via}, nil
	case "unacknowledge":
		return respond.Unacknowledge{Incident: id, By: by}, nil
	case "escalate":
		at, err := position(q.PostFormValue("at"))
		return respond.Escalate{Incident: id, By: by, AsOf: at}, err
	case "resolve":
		return respond.Resolve{Incident: id, By: by, Alerts: q.PostFormValue("alerts") != "", Override: note}, nil
	case "reprioritise":
		var p severity.Priority
		err := p.UnmarshalText([]byte(q.PostFormValue("priority")))
		return respond.Reprioritise{Incident: id, By: by, Priority: p, Because: note}, err
	case "page":
		return respond.Page{Incident: id, By: by, Target: escalate.Target(q.PostFormValue("target")), Because: note}, nil
	case "note":
		return respond.Note{Incident: id, By: by, Text: note}, nil
	case "approve", "decline":
		return respond.Approve{Incident: id, Run: run, By: by, Decline: do == "decline", Because: note}, nil
	case "answer", "failed":
		return respond.Answer{Incident: id, Run: run, Step: step, By: by, Note: note, Failed: do == "failed"}, nil
	case "stop":
		return respond.StopRun{Incident: id, Run: run, By: by, Because: note}, nil
	case "resend":
		return respond.Resend{Letter: notify.Message{Incident: id, Key: q.PostFormValue("key")}, By: by}, nil
	case "kill", "revive":
		return respond.KillSwitch{Tenant: q.tenant, Off: do == "revive", By: by, Because: note}, nil
	}
	return q.roomCommand(do, id, by)
}

// position reads a position as rows have it: 1.2 is round 1, level 2.
func position(text string) (p escalate.Position, err error) {
	round, level, ok := strings.Cut(text, ".")
	p.Round, err = strconv.Atoi(round)
	if err == nil {
		p.Level, err = strconv.Atoi(level)
	}
	if !ok || err != nil {
		return p, fmt.Errorf("%w: position %.40q, expected one such as 1.2", errForm, text)
	}
	return p, nil
}

// refusal says why a command did not apply, and what is possible now.
func refusal(no *respond.RefusedError) string {
	text := "Refused: " + clip(no.Reason, 300) + "."
	switch {
	case len(no.Held) > 0:
		return text + " Change the text, or let it go by the box at the end of the form."
	case no.Phase.Over():
		return text + " The incident is over."
	case no.Phase == incident.Monitoring:
		return text + " It has recovered; it can be resolved."
	case no.Status == escalate.Running:
		return text + fmt.Sprintf(" It is at %v now; you can acknowledge it.", no.At)
	}
	return text
}

// done says what a viewer has brought about by an action, as things stand now.
func (q *request) done(did string, i *Incident, now time.Time) *answer {
	mine := false
	for _, h := range i.Holders {
		mine = mine || h == string(q.viewer.Person)
	}
	if did == "acknowledge" {
		switch {
		case !mine:
			return nil // it was so once
		case i.Holders[0] != string(q.viewer.Person):
			before := "just"
			if d := now.Sub(i.HeldAt); d >= time.Second {
				before = ago(d)
			}
			return &answer{"raced", fmt.Sprintf("%s acknowledged %s before you. You both have it now.", clip(i.Holders[0], 40), before)}
		}
		return &answer{"done", "Done: you have it."}
	}
	text := map[string]string{
		"unacknowledge": "Done: you gave it back.", "escalate": "Done: the next level is paged.", "resolve": "Done: it is resolved.", "note": "Done: your note stands in the timeline.", "page": "Done: they are paged.",
		"reprioritise": "Done: it has another priority.", "approve": "Done: the runbook begins.", "decline": "Done: the runbook does not begin.",
		"answer": "Done: the runbook goes on.", "failed": "Done: the run has ended and the incident escalates.", "stop": "Done: the run stops.",
		"accept": "Done: it is an incident.", "decline-incident": "Done: it was none.", "cancel": "Done: it is cancelled.", "proceed": "Done: the step stands in the timeline.",
		"mitigate": "Done: it is watched now.", "reopen": "Done: it is back, and people are paged.", "close": "Done: it is closed.", "amend": "Done: it began then.",
		"assess": "Done: the impact is recorded.", "make-private": "Done: only who has a part in it sees it.", "assume": "Done: the role is yours.", "renounce": "Done: you gave the role up.",
		"offer": "Done: it is offered; the role stays yours until they accept.", "accept-role": "Done: the role is yours.", "decline-role": "Done: you declined the role.",
		"add-todo": "Done: it is on the list.", "done-todo": "Done: it is off the list.", "assign-todo": "Done: it is assigned.", "ask-decision": "Done: they are asked.", "decide": "Done: it is decided.",
		"send-update": "Done: it is sent, or leaves as soon as it is approved.", "break-glass": "Done: it is sent. Somebody looks at it afterwards.",
		"draft-update": "Done: read below what each audience would see.", "approve-update": "Done: you approved it.", "decline-update": "Done: it is not sent.",
		"correct-update": "Done: the correction is sent, or leaves as soon as it is approved.", "retract-update": "Done: it is taken back, or will be as soon as that is approved.",
		"resend": "Done: it is sent once more.", "kill": "Done: no runbook acts.", "revive": "Done: runbooks may act.",
	}[did]
	if text == "" {
		return nil
	}
	return &answer{"done", text}
}

// failed answers with what kept a page from being made.
func (q *request) failed(err error) {
	var unreadable *tocsin.UnreadableError
	switch {
	case errors.Is(err, tocsin.ErrNotFound):
		err = q.nowhere()
	case errors.Is(err, errForm), errors.As(err, new(*http.MaxBytesError)):
		err = q.fail(http.StatusBadRequest, "That form cannot be read.", clip(err.Error(), 300))
	case errors.As(err, &unreadable):
		err = q.fail(http.StatusInternalServerError, "This record cannot be read.", clip(unreadable.Error(), 300))
	case q.Context().Err() != nil:
		return // the viewer has gone away
	default:
		q.log().ErrorContext(q.Context(), "status: a page failed", "path", q.URL.Path, "error", clip(err.Error(), 500))
		err = q.blind()
	}
	if err != nil { // a template of this package does not fit its data
		q.log().ErrorContext(q.Context(), "status: an error page failed", "error", err)
		http.Error(q.w, "This page cannot be shown.", http.StatusInternalServerError)
	}
}

// errorPage says why there is no other page.
type errorPage struct {
	frame
	Class, Heading, Says, Help string
	Again                      string // where to look again
}

// fail answers with an error page.
func (q *request) fail(status int, heading, help string) error {
	page := errorPage{frame: q.frame(heading, "", q.now(), time.Time{}), Heading: heading, Help: help}
	return q.render(status, "error", page)
}

// blind answers while the store is away: with what was known last, and where to look again.
func (q *request) blind() error {
	now, p := q.now(), q.board(q.tenant).latest.Load()
	page := errorPage{frame: q.frame("The store does not answer.", "", now, cmp.Or(p.AsOf, now)), Class: "blind", Heading: "The store does not answer."}
	page.Blind, page.Icon = p.Open != nil, "blind"
	if q.Method == http.MethodPost {
		page.Says = "It is not known whether this was recorded."
		page.Help = "Look before you repeat it. "
	} else {
		page.Says, page.Again = "This page cannot be read now.", q.base+strings.TrimPrefix(q.URL.RequestURI(), "/")
	}
	if p.Open == nil {
		page.Help += "Nothing was read before."
	} else {
		s := q.snapshot(p, p.AsOf.In(q.zone))
		s.Fault = ""
		page.Help += "At " + p.AsOf.In(q.zone).Format("15:04:05") + ": " + Verdict(s)
	}
	q.w.Header().Set("Retry-After", "5")
	return q.render(http.StatusServiceUnavailable, "error", page)
}

// unknown answers nobody.
func (q *request) unknown() error {
	q.viewer = respond.Viewer{}
	if q.Challenge != "" {
		q.w.Header().Set("WWW-Authenticate", q.Challenge)
	}
	return q.fail(http.StatusUnauthorized, "You are not known here.", "The program that serves this page decides who may look. Log in, then come back.")
}

func (q *request) nowhere() error {
	return q.fail(http.StatusNotFound, "There is no such page.", "Nothing of this name is known here: it may be older than what is kept, belong to somebody else, or not be in the catalog.")
}
