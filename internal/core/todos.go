package core

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// Todo is the share of one to-do in an incident record.
type Todo struct {
	incident.Todo
	Reminders int `json:"reminders,omitempty"` // how many were sent: to the owner, then to whoever commands
}

const (
	remindAgain = 15 * time.Minute // from the reminder of the owner to that of the commander
	mostTodos   = 200              // of an incident
)

// todos is the part of what is to be done in an incident.
type todos struct{}

// remindAt returns when somebody is to be reminded of the to-do; false if nobody is.
func (d *Todo) remindAt() (time.Time, bool) {
	return d.Due.Add(time.Duration(d.Reminders) * remindAgain), d.Done.IsZero() && !d.Due.IsZero() && d.Reminders < 2
}

func (todos) due(u *unit) (first time.Time, ok bool) {
	if u.inc == nil {
		return first, false
	}
	for i := range u.inc.Todos {
		if at, waits := u.inc.Todos[i].remindAt(); waits && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok
}

// act reminds the owner, and later the commander; where there is none, or the commander owns it, those who have the incident.
func (todos) act(t *turn, u *unit, at time.Time) bool {
	i := slices.IndexFunc(u.inc.Todos, func(d Todo) bool {
		due, waits := d.remindAt()
		return waits && !due.After(at)
	})
	u.inc.Todos = slices.Clone(u.inc.Todos)
	d := &u.inc.Todos[i]
	d.Reminders++
	u.entry(at, d, incident.Entry{Text: "is due  " + string(d.Owner)})
	m := d.message(fmt.Sprintf("to-do %d is due", d.ID))
	if d.Reminders == 1 && t.tell(u, at, m, d.Owner) {
		return true
	}
	d.Reminders = 2
	m.Note = fmt.Sprintf("to-do %d of %s is due", d.ID, d.Owner)
	if who := u.holder(incident.Commander); who == "" || who == d.Owner || !t.tell(u, at, m, who) {
		t.tellHolders(u, at, m)
	}
	return true
}

// message is a notice about a to-do.
func (d *Todo) message(note string) Pending {
	m := yours("todos", note)
	m.Said, m.Until = d.Said, d.Due
	return m
}

// entry enters what became of a to-do.
func (u *unit) entry(at time.Time, d *Todo, e incident.Entry) {
	e.Word, e.Of = incident.WordTodo, strconv.Itoa(d.ID)
	u.enter(at, e)
}

// hear says that nobody is reminded any more, once the group goes on with another incident.
func (todos) hear(_ *turn, u *unit, at time.Time, f fact) bool {
	if _, over := f.(replaced); over {
		for i := range u.inc.Todos {
			if d := &u.inc.Todos[i]; d.Done.IsZero() {
				u.entry(at, d, incident.Entry{Text: "stays open, and nobody is reminded any more"})
			}
		}
	}
	return true
}

// shut keeps an incident with open to-dos from being closed.
func (todos) shut(_ *turn, u *unit, _ time.Time, to incident.Phase) []string {
	open := 0
	for i := range u.inc.Todos {
		if u.inc.Todos[i].Done.IsZero() {
			open++
		}
	}
	if to == incident.Closed && open > 0 {
		return []string{fmt.Sprintf("%d of %d to-dos are open", open, len(u.inc.Todos))}
	}
	return nil
}

// addTodo adds a to-do.
func addTodo(t *turn, u *unit, c respond.AddTodo, at time.Time) error {
	owner := c.By
	if c.Owner != "" {
		var err error
		if owner, err = t.cat.Named(c.Owner); err != nil {
			return err
		}
	}
	switch {
	case !c.Due.IsZero() && !c.Due.After(at):
		return fmt.Errorf("due %s is over, expected a later time", clockTime(c.Due))
	case len(u.inc.Todos) >= mostTodos:
		return fmt.Errorf("it has %d to-dos, which is as many as it may have", len(u.inc.Todos))
	}
	d := Todo{Todo: incident.Todo{
		ID: len(u.inc.Todos) + 1, Said: incident.Said{By: c.By, Text: c.Text}, Owner: owner, Due: c.Due.UTC(),
	}}
	u.inc.Todos = append(slices.Clip(u.inc.Todos), d)
	u.entry(at, &d, incident.Entry{Actor: string(c.By), Text: "for " + d.whose(), Said: d.Said})
	if owner != c.By {
		t.tell(u, at, d.message(fmt.Sprintf("%s gives you to-do %d", c.By, d.ID)), owner)
	}
	return nil
}

// whose says who owns a to-do, and when it is due.
func (d *Todo) whose() string {
	if d.Due.IsZero() {
		return string(d.Owner)
	}
	return string(d.Owner) + ", due " + clockTime(d.Due)
}

// find returns the to-do with the number, in a copy of the list.
func (u *unit) todo(n int) (*Todo, error) {
	if n > len(u.inc.Todos) {
		return nil, fmt.Errorf("there is no to-do %d, expected at most %d", n, len(u.inc.Todos))
	}
	u.inc.Todos = slices.Clone(u.inc.Todos)
	return &u.inc.Todos[n-1], nil
}

// doneTodo ends a to-do.
func doneTodo(_ *turn, u *unit, c respond.DoneTodo, at time.Time) error {
	d, err := u.todo(c.Todo)
	if err != nil || !d.Done.IsZero() {
		return err // or a repeat
	}
	d.Done, d.DoneBy = at, c.By
	u.entry(at, d, incident.Entry{Actor: string(c.By), Text: "done"})
	return nil
}

// assignTodo gives a to-do another owner or another time.
func assignTodo(t *turn, u *unit, c respond.AssignTodo, at time.Time) error {
	d, err := u.todo(c.Todo)
	if err != nil {
		return err
	}
	owner, due := d.Owner, d.Due
	if c.Owner != "" {
		if owner, err = t.cat.Named(c.Owner); err != nil {
			return err
		}
	}
	if !c.Due.IsZero() {
		due = c.Due.UTC()
	}
	switch {
	case !d.Done.IsZero():
		return errors.New("the to-do is done")
	case owner == d.Owner && due.Equal(d.Due):
		return nil // a repeat
	case !c.Due.IsZero() && !due.After(at):
		return fmt.Errorf("due %s is over, expected a later time", clockTime(due))
	}
	changed := owner != d.Owner
	if !due.Equal(d.Due) {
		d.Reminders = 0
	}
	d.Owner, d.Due = owner, due
	u.entry(at, d, incident.Entry{Actor: string(c.By), Text: "for " + d.whose()})
	if changed && owner != c.By {
		t.tell(u, at, d.message(fmt.Sprintf("%s gives you to-do %d", c.By, d.ID)), owner)
	}
	return nil
}

func (todos) show(i *Incident, v *incident.Incident) {
	for k := range i.Todos {
		v.Todos = append(v.Todos, i.Todos[k].Todo)
	}
}
