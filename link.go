package tocsin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
)

// Link is what the link of a page names: who may acknowledge what with it.
type Link struct {
	Person   escalate.PersonID
	Via      string            // channel of the page
	Position escalate.Position // of the escalation when the page was made
	Incident incident.Incident // as it is now
}

// Viewer returns the person of the link, who sees the tenant of its incident.
func (l *Link) Viewer() respond.Viewer {
	return respond.Viewer{Person: l.Person, Tenants: []string{l.Incident.Tenant}}
}

// LinkFault is what is wrong with a link.
type LinkFault string

// The faults of links.
const (
	LinkTruncated LinkFault = "truncated" // it is not a whole link
	LinkForeign   LinkFault = "foreign"   // it was not signed with a key of Config.LinkKeys, was altered, or is for something else
	LinkExpired   LinkFault = "expired"   // its time has passed: 24 hours, or that of a share link
	LinkEnded     LinkFault = "ended"     // its incident was resolved or is another of the same id, or the catalog lost its capability
	LinkUsed      LinkFault = "used"      // the person acknowledged since the page, and does not have the incident any more
	LinkStranger  LinkFault = "stranger"  // the catalog has no such person any more
)

// LinkError says that a link is not valid. It tells nothing of the incident or capability.
type LinkError struct{ Fault LinkFault }

// Error implements error.
func (e *LinkError) Error() string {
	return "tocsin: the link is not valid: " + string(e.Fault)
}

// Link reads the last part of a link to acknowledge, as a page to a person has it. It changes nothing: give [respond.Acknowledge] to
// [Engine.DoAs] for the link's viewer. The error is a [*LinkError] if the link is not valid or not valid any more; such links are counted.
// Package status has the page that does all of this.
func (e *Engine) Link(ctx context.Context, token string) (Link, error) {
	if err := given(ctx, "link"); err != nil {
		return Link{}, err
	}
	l, err := e.followed(ctx, token)
	var bad *LinkError
	if errors.As(err, &bad) {
		e.tel.Forbade(ctx, "acknowledge", string(bad.Fault))
	}
	return l, err
}

func (e *Engine) followed(ctx context.Context, token string) (Link, error) {
	claims, err := e.claims(ctx, token)
	if err != nil {
		return Link{}, err
	}
	row, err := e.read(ctx, claims.Incident, true)
	switch {
	case errors.Is(err, ErrNotFound):
		return Link{}, &LinkError{LinkEnded}
	case err != nil:
		return Link{}, err
	case row.Key.Kind != core.KindIncident || row.Key.Tenant != claims.Tenant:
		return Link{}, &LinkError{LinkForeign}
	}
	inc, err := recOf[*core.Incident](ctx, e, &row)
	if err != nil {
		return Link{}, err
	}
	seen, err := e.view(ctx, inc)
	if err != nil {
		return Link{}, err
	}
	entries, _ := entriesOf(&row)
	l := Link{
		Person: escalate.PersonID(claims.Person), Via: claims.Channel, Position: escalate.Position{Round: claims.Round, Level: claims.Level},
		Incident: seen,
	}
	if viewer := l.Viewer(); !viewer.MaySee(&l.Incident) {
		return Link{}, &LinkError{LinkEnded}
	}
	if fault := l.outlived(claims.Made, inc.Phases.Since(), entries); fault != "" {
		return Link{}, &LinkError{fault}
	}
	return l, nil
}

// claims returns what a token names, if it is signed, in time and of a person of the catalog.
func (e *Engine) claims(ctx context.Context, token string) (acklink.Claims, error) {
	if e.links == nil {
		return acklink.Claims{}, &LinkError{LinkForeign}
	}
	c, err := e.links.Read(token, e.now(ctx))
	if err != nil {
		return c, &LinkError{linkFault(err)}
	}
	if person, err := e.catalog.Load().Named(escalate.PersonID(c.Person)); err != nil || person != escalate.PersonID(c.Person) {
		return c, &LinkError{LinkStranger}
	}
	return c, nil
}

// linkFault names why a token cannot be read.
func linkFault(err error) LinkFault {
	switch {
	case errors.Is(err, acklink.ErrTruncated):
		return LinkTruncated
	case errors.Is(err, acklink.ErrForeign):
		return LinkForeign
	}
	return LinkExpired
}

// outlived says why a link is not valid any more whose page was made at the instant; empty: it is. made has no fractions of a millisecond.
// opened is when the incident opened.
func (l *Link) outlived(made, opened time.Time, timeline []incident.Entry) LinkFault {
	inc := &l.Incident
	has := func(a escalate.Ack) bool { return a.By == l.Person }
	switch again := inc.Reopened; {
	case inc.Phase.Over(), len(again) > 0 && again[len(again)-1].Truncate(time.Millisecond).After(made),
		opened.Truncate(time.Millisecond).After(made): // a store that was emptied gives ids out again
		return LinkEnded
	case slices.ContainsFunc(inc.Escalation.Acks, has):
		return ""
	case slices.ContainsFunc(timeline, func(e incident.Entry) bool {
		return e.Word == incident.WordAcknowledged && e.Actor == string(l.Person) && !e.At.Before(made)
	}):
		return LinkUsed
	}
	return ""
}
