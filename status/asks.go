package status

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-dev/tocsin/severity"
)

// askPage asks once before something that is not easily undone.
type askPage struct {
	frame
	ID, Heading, Name, Says, Label, Path string
	Required, Firing                     bool
	Priorities                           []choice
	Targets                              []string
	Buttons                              []button
	Answer                               *answer
}

type choice struct {
	Name, Value string
	Here        bool
}

func (q *request) askResolve() error {
	inc, err := q.find(q.PathValue("id"))
	if err != nil {
		return err
	}
	m := q.asking("Resolve this incident?", inc.ID, clip(inc.Title, 120))
	m.Says, m.Label = "Everybody who was paged is told that it is over.", "Reason to resolve it before its alerts have"
	if m.Firing = inc.Firing > 0; m.Firing {
		m.Says = fmt.Sprintf("%d of %s still fire. Resolving it now needs a reason, which stands in the timeline.", inc.Firing, plural(inc.Alerts, "alert"))
	}
	m.Buttons = []button{{"resolve", "Resolve", true}}
	return q.render(200, "ask", m)
}

func (q *request) askPriority() error {
	inc, err := q.find(q.PathValue("id"))
	if err != nil {
		return err
	}
	m := q.asking("Change the priority?", inc.ID, clip(inc.Title, 120))
	m.Says = "A higher priority pages again. A lower one withdraws no page."
	m.Label, m.Required = "Reason", true
	for p := severity.P1; p <= severity.P5; p++ {
		m.Priorities = append(m.Priorities, choice{p.String(), p.String(), p == inc.Priority})
	}
	m.Priorities = append(m.Priorities, choice{Name: "as computed: " + inc.Computed.String()})
	m.Buttons = []button{{"reprioritise", "Change it", true}}
	return q.render(200, "ask", m)
}

func (q *request) askPage() error {
	inc, err := q.find(q.PathValue("id"))
	if err != nil {
		return err
	}
	m := q.asking("Page somebody now?", inc.ID, clip(inc.Title, 120))
	m.Says = "The page goes out beside the escalation, whose level and times stay."
	m.Label, m.Required = "Why, in the words of the page", true
	source := q.engine.Catalog().Source()
	for _, team := range slices.Sorted(maps.Keys(source.Teams)) {
		m.Targets = append(m.Targets, "team:"+team)
	}
	for _, p := range slices.Sorted(maps.Keys(source.People)) {
		m.Targets = append(m.Targets, "person:"+string(p))
	}
	m.Buttons = []button{{"page", "Page them", true}}
	return q.render(200, "ask", m)
}

func (q *request) askSwitch() error {
	m := q.asking("Stop all runbooks?", "", "")
	m.Says = "No run begins, and each run under way ends before its next call of an action. People are paged as ever."
	m.Label, m.Required = "Reason", true
	m.Buttons = []button{{"kill", "Stop all runbooks", true}, {"revive", "Let them act again", false}}
	return q.render(200, "ask", m)
}

func (q *request) asking(heading, id, name string) *askPage {
	m := &askPage{frame: q.frame(heading+" "+name, "", q.now(), q.now()), ID: id, Heading: heading, Name: name}
	if id != "" {
		m.Path = "incident/" + id
	}
	return m
}
