package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// keepFor is how long what has ended is kept: a few rounds.
const keepFor = 20 * time.Minute

// play plays one round after the other until ctx ends.
func (d *demo) play(ctx context.Context) {
	for ; d.round(ctx); d.rounds++ {
		for n := 1; n > 0 && ctx.Err() == nil; { // so that the store does not grow
			var err error
			if n, err = d.kept.Trim(ctx, time.Now().Add(-keepFor), 1000); err != nil {
				d.shown.say("demo", err.Error())
			}
		}
	}
}

// round plays the script once. It returns false if ctx has ended.
func (d *demo) round(ctx context.Context) bool {
	began := time.Now()
	for _, c := range script() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Until(began.Add(c.at))):
		}
		do := d.respond
		switch c.by {
		case prometheus, pipeline, backup:
			do = d.send
		case "":
			continue
		}
		if err := do(ctx, &c); err != nil && ctx.Err() == nil {
			d.shown.say("demo", fmt.Sprintf("%s %s %s: %v", c.by, c.does, c.about, err))
		}
	}
	return true
}

// send sends an event to the intake of its sender.
func (d *demo) send(ctx context.Context, c *cue) error {
	d.sent++
	path, kind, body := "/intake/heartbeat/"+c.about, "application/json", any(nil)
	now := time.Now().UTC()
	env := "production"
	if c.where == staging {
		env = staging
	}
	switch c.by {
	case prometheus:
		path = "/intake/alertmanager"
		alert := map[string]any{
			"status": "firing", "startsAt": now, "annotations": map[string]string{"summary": c.says},
			"fingerprint": fmt.Sprintf("%s %s %d", c.about, c.where, d.rounds), // or it flaps from round to round
			"labels":      map[string]string{"alertname": c.about, "class": c.about, "instance": c.where, "env": env},
		}
		if c.does == ends {
			alert["status"], alert["endsAt"] = "resolved", now
		}
		body = map[string]any{"version": "4", "receiver": "tocsin", "alerts": []any{alert}}
	case pipeline:
		path, kind = "/intake/cloudevents", "application/cloudevents+json"
		body = map[string]any{
			"specversion": "1.0", "id": fmt.Sprintf("%d-%d", now.UnixNano(), d.sent), "source": "/pipeline", "type": c.about, "subject": c.where,
			"data": map[string]string{"summary": c.says},
		}
	}
	if c.says != "" {
		d.shown.say(c.by, c.says)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, d.url+path, bytes.NewReader(text))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+d.token)
	w := httptest.NewRecorder()
	d.front.ServeHTTP(w, r)
	if w.Code >= http.StatusMultipleChoices {
		return errors.New(strings.TrimSpace(w.Body.String()))
	}
	return nil
}

// respond lets a person do something about the incidents of a class, or of all that the team owns. What somebody else has done is left.
func (d *demo) respond(ctx context.Context, c *cue) error {
	team, lead := strings.CutSuffix(c.by, ".lead")
	person := d.catalog.Teams[team].Lead
	if !lead {
		duty, err := d.bell.OnCall(team, time.Now())
		if err != nil {
			return err
		}
		person = duty.People[0]
	}
	open, err := d.bell.Incidents(ctx, tocsin.Query{Open: true, Limit: 1000})
	if err != nil {
		return err
	}
	viewer := respond.Viewer{Person: person, Grants: []string{respond.GrantOperator, respond.GrantApprove}}
	var did []string
	for k := range open {
		i := &open[k]
		if i.Class != c.about && (c.about != everything || i.Owner != team) {
			continue
		}
		command := c.command(i)
		if command == nil {
			continue
		}
		var refused *respond.RefusedError
		if err := d.bell.DoAs(ctx, viewer, command); errors.As(err, &refused) {
			continue
		} else if err != nil {
			return err
		}
		did = append(did, i.Title)
	}
	if len(did) > 0 {
		d.shown.say(string(person), c.told(did))
	}
	return nil
}

// told says what a person did.
func (c *cue) told(did []string) string {
	what := fmt.Sprintf("%s %q", c.does, did[0])
	if len(did) > 1 {
		what = fmt.Sprintf("%s %d incidents", c.does, len(did))
	}
	if c.says != "" {
		what += ": " + c.says
	}
	return what
}

// command returns what the person does about an incident, nil if there is nothing left to do.
func (c *cue) command(i *incident.Incident) respond.Command {
	switch c.does {
	case acknowledges:
		if len(i.Escalation.Acks) == 0 && i.Phase == incident.Active && i.Escalation.Status != escalate.Informed {
			return respond.Acknowledge{Incident: i.ID, Via: "push"}
		}
	case notes:
		return respond.Note{Incident: i.ID, Text: c.says}
	case resolves:
		return respond.Resolve{Incident: i.ID, Alerts: i.Firing > 0, Override: c.says}
	}
	for _, r := range i.Runs {
		switch {
		case (c.does == approves || c.does == declines) && r.State == automate.Proposed:
			return respond.Approve{Incident: i.ID, Run: r.ID, Decline: c.does == declines, Because: c.says}
		case c.does == answers && r.State == automate.Running:
			for k, s := range r.Steps {
				if s.Ask != "" && s.State == automate.Running {
					return respond.Answer{Incident: i.ID, Run: r.ID, Step: k + 1, Note: c.says}
				}
			}
		}
	}
	return nil
}
