package tocsintest

import (
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/incident"
)

func (p *player) showIncident(i *incident.Incident, alerts []incident.Alert) []string {
	e := &i.Escalation
	escalation := "  escalation  " + string(e.Status)
	if e.Level > 0 {
		escalation += "  " + e.Position.String()
	}
	phase := "  phase  " + string(i.Phase)
	if i.Step != "" && i.Step != incident.Investigating {
		phase += "  " + string(i.Step)
	}
	lines := []string{
		p.names.Replace(i.ID), phase, "  priority  " + i.Reason(), escalation,
		fmt.Sprintf("  alerts  %d of %d fire", i.Firing, i.Alerts),
	}
	for _, al := range alerts {
		if al.Incident == i.ID {
			lines = append(lines, fmt.Sprintf("  alert  %s  %s", p.names.Replace(al.ID), al.State))
		}
	}
	for _, ack := range e.Acks {
		lines = append(lines, fmt.Sprintf("  acknowledged  %s  by %s", incident.Offset(ack.At.Sub(p.start)), ack.By))
	}
	if !i.Taken.IsZero() {
		lines = append(lines, "  first taken by a person  "+incident.Offset(i.Taken.Sub(p.start)))
	}
	if !i.ImpactStarted.IsZero() {
		lines = append(lines, "  impact since  "+incident.Offset(i.ImpactStarted.Sub(p.start)))
	}
	for _, run := range i.Runs {
		lines = append(lines, fmt.Sprintf("  run  %s  %s", p.names.Replace(run.ID), run.State))
	}
	lines = append(lines, p.showRoom(i)...)
	if i.Comms != nil {
		lines = append(lines, p.showComms(i.Comms)...)
	}
	if i.Previous != "" {
		lines = append(lines, "  previous  "+p.names.Replace(i.Previous))
	}
	return lines
}

// showRoom says who may see an incident, who does what in it, and what is open.
func (p *player) showRoom(i *incident.Incident) (lines []string) {
	if i.Private {
		lines = append(lines, strings.TrimRight("  private  "+string(i.PrivateBy), " "))
	}
	for _, a := range i.Roles {
		if a.Held() {
			lines = append(lines, fmt.Sprintf("  %s  %s  %s", a.Role, a.Person, incident.Offset(a.Assumed.Sub(p.start))))
		}
	}
	for _, role := range i.Vacant {
		lines = append(lines, fmt.Sprintf("  %s  vacant", role))
	}
	for k := range i.Todos {
		if d := &i.Todos[k]; d.Done.IsZero() {
			lines = append(lines, fmt.Sprintf("  to-do %d  open  %s", d.ID, d.Owner))
		}
	}
	for k := range i.Decisions {
		if d := &i.Decisions[k]; d.Option == 0 {
			lines = append(lines, fmt.Sprintf("  decision %d  open", d.ID))
		}
	}
	return lines
}

func (p *player) showComms(c *comms.Situation) []string {
	line := fmt.Sprintf("  updates  to %s  next %s", strings.Join(c.Audiences, ", "), c.Stage)
	if !c.Due.IsZero() {
		line += "  due " + incident.Offset(c.Due.Sub(p.start))
	}
	if c.Late > 0 {
		line += fmt.Sprintf("  %d overdue", c.Late)
	}
	lines := []string{line}
	for i := range c.Updates {
		u := &c.Updates[i]
		line := fmt.Sprintf("  update  %s  %s  %s  drafted by %s", u.ID, u.Stage, u.State, u.Drafted.By)
		if u.Approved.By != "" {
			line += "  approved by " + u.Approved.By
		}
		if u.Unreviewed() {
			line += "  to be looked at"
		}
		lines = append(lines, line)
	}
	return lines
}
