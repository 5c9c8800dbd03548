package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/respond"
)

// DoAs carries out a command for a viewer who came in through a door. It is the one way from a door to [Engine.Do]; a program that gives
// commands of its own calls Do.
//
// The field By of the command is replaced by the viewer, whatever it was. An incident that the viewer may not see, see [respond.Viewer.MaySee], is answered
// as one that does not exist: the error wraps [ErrNotFound]. A command that the viewer may not give is refused with a
// [*respond.ForbiddenError], by [Config.Authorize] or else by [respond.May]; the refusal is counted and logged. Else the errors are those
// of Do.
func (e *Engine) DoAs(ctx context.Context, v respond.Viewer, c respond.Command) error {
	if err := given(ctx, "do as"); err != nil {
		return err
	}
	if isNil(c) {
		return errors.New("tocsin: do as: the command is nil, expected one such as respond.Acknowledge")
	}
	if v.Nobody() {
		err := respond.May(v, c, respond.About{})
		e.forbidden(ctx, c, err)
		return err
	}
	if person, err := e.catalog.Load().Named(v.Person); err == nil {
		v.Person = person
	}
	c = signed(c, v.By())
	about, hidden, err := e.about(ctx, v, c)
	if hidden {
		e.forbidden(ctx, c, &respond.ForbiddenError{Viewer: v, Incident: c.Head().Incident, Need: respond.NeedTenant, Who: "whoever may see it"})
	}
	if err != nil {
		return err
	}
	if err := e.may(ctx, v, c, about); err != nil {
		e.forbidden(ctx, c, err)
		return err
	}
	return e.Do(ctx, c)
}

// about returns what the decision about a command rests on. The error wraps ErrNotFound if the viewer does not see the incident or tenant,
// in the same words whether it is hidden from the viewer or does not exist.
func (e *Engine) about(ctx context.Context, v respond.Viewer, c respond.Command) (about respond.About, hidden bool, err error) {
	head := c.Head()
	if head.Incident == "" {
		if !v.Sees(head.Tenant) {
			return about, true, fmt.Errorf("%w: tenant %q", ErrNotFound, head.Tenant)
		}
		if test, ok := c.(respond.SendTest); ok && v.Person != "" {
			holder, err := e.catalog.Load().Holder(test.Contact)
			about.Contact = err == nil && holder == v.Person
		}
		return about, false, nil
	}
	about.Incident, err = e.Incident(ctx, head.Incident)
	var odd *UnreadableError
	hidden = errors.As(err, &odd) && !v.Sees(odd.Tenant) || err == nil && !v.MaySee(&about.Incident)
	switch {
	case hidden, errors.Is(err, ErrNotFound): // it may also be an alert
		return about, hidden, fmt.Errorf("%w: %.40q", ErrNotFound, head.Incident)
	case err != nil:
		return about, false, err
	}
	about.Owner = v.Person != "" && e.catalog.Load().Belongs(v.Person, about.Incident.Owner, e.now(ctx))
	return about, false, nil
}

// may asks the program's own rule, or the default. No rule lets a machine have an incident as a person does.
func (e *Engine) may(ctx context.Context, v respond.Viewer, c respond.Command, about respond.About) error {
	if _, takes := c.(respond.Acknowledge); e.Authorize == nil || takes && v.Machine != "" {
		return respond.May(v, c, about)
	}
	err := guarded(func() error { return e.Authorize(ctx, v, c, about) })
	if err != nil && isNil(err) {
		err = fmt.Errorf("the rule of Config.Authorize returned a nil %T, expected nil to allow", err)
	}
	var no *respond.ForbiddenError
	if err == nil || errors.As(err, &no) {
		return err
	}
	return &respond.ForbiddenError{Viewer: v, Incident: about.Incident.ID, Need: respond.NeedPolicy, Err: err}
}

// forbidden counts and logs a refusal.
func (e *Engine) forbidden(ctx context.Context, c respond.Command, err error) {
	var no *respond.ForbiddenError
	errors.As(err, &no)
	name := e.core.CommandName(c)
	e.tel.Forbade(ctx, name, string(no.Need))
	e.log(ctx, slog.LevelWarn, "a command was forbidden", "command", name, "viewer", cmp.Or(string(no.Viewer.By()), "nobody"),
		"incident", c.Head().Incident, "error.type", string(no.Need), "error", no)
}

// signed returns a command as given by a person or machine: with the field By.
func signed(c respond.Command, by escalate.PersonID) respond.Command {
	from := reflect.ValueOf(c)
	if from.Kind() != reflect.Struct {
		return c // not of package respond: Do refuses it
	}
	to := reflect.New(from.Type()).Elem()
	to.Set(from)
	if field := to.FieldByName("By"); field.IsValid() && field.Type() == reflect.TypeFor[escalate.PersonID]() {
		field.Set(reflect.ValueOf(by))
	}
	return to.Interface().(respond.Command)
}
