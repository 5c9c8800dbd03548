package core

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// DeclaredRef finds the incident that the command with the id declared.
func DeclaredRef(tenant, command string) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refDeclared, Name: command}
}

// declaredKey is the key for which a declaration is decided first. No record has it: the group is known from the catalog only.
func declaredKey(c respond.Declare) store.Key {
	return store.Key{Tenant: c.Tenant, Kind: KindIncident, ID: "declared-" + hashed(12, c.Tenant, c.Title)}
}

// declare opens an incident by hand. It is routed and grouped as an event with the title as its summary and subject would be. If the group
// has an incident that takes members in, what is declared belongs to that one.
func declare(t *turn, _ *unit, c respond.Declare, at time.Time) error {
	a, err := t.declaration(&c, at)
	if err != nil {
		return &respond.RefusedError{Reason: err.Error()}
	}
	u := t.openGroup(a)
	if u == nil {
		return nil
	}
	if at = u.from(at); !u.lives(at) {
		t.open(u, a, at)
	} else {
		t.declareAgain(u, a, at)
	}
	t.hear()
	return nil
}

// declaration assesses a declaration.
func (t *turn) declaration(c *respond.Declare, at time.Time) (*Assessed, error) {
	typ := c.Class
	if typ == "" {
		typ = event.Declared
	} else if err := t.cat.Names(typ); err != nil {
		return nil, err
	}
	e := &event.Event{
		Tenant: c.Tenant, Source: string(c.By), Intake: event.Declared, Type: typ, Subject: event.ShortKey(c.Title), Summary: c.Title, Received: at,
	}
	if c.Service != "" {
		if err := t.cat.About(e, c.Service); err != nil {
			return nil, err
		}
	}
	if _, known := t.cat.Class(typ); !known {
		e.Severity = severity.Error
	}
	a := &Assessed{Event: e, Assessment: t.cat.AssessDeclared(e, c.Priority), said: incident.Said{By: c.By, Text: c.Because}, command: c.ID}
	a.group = store.Key{Tenant: e.Tenant, Kind: KindGroup, ID: a.GroupOf(e)}
	return a, nil
}

// declareAgain adds a declaration to an incident that lives: whoever declares it says that there is one.
func (t *turn) declareAgain(u *unit, a *Assessed, at time.Time) {
	u.enter(at, incident.Entry{Word: incident.WordDeclared, Actor: a.Event.Source, Text: fmt.Sprintf("%q", a.Event.Summary), Said: a.said})
	if n := len(u.inc.Declarations); a.command != "" && n < mostDeclarations {
		u.inc.Declarations = append(slices.Clip(u.inc.Declarations), a.command)
	}
	t.emit(u, at, declared{a})
	t.emit(u, at, suspected{a.Priority, a.Why})
	t.emit(u, at, touched{})
}

// mostDeclarations is how many declarations find an incident. Further ones are counted to it all the same.
const mostDeclarations = 8
