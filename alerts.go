package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// AlertQuery selects alerts. A filter that is empty selects all.
type AlertQuery struct {
	Tenant   string
	State    string // pending, firing, quiet or resolved
	Service  string
	Incident string // id
	Promoted *bool  // true: those that belong to an incident; false: those for which nobody was paged, see [incident.Alert.Unpaged]
	Text     string // part of the summary of the latest trigger, the class or the id, in any case; at most 255 bytes
	After    string // id of the last alert of the previous page, or that of a [MoreError]; empty: the first page
	Limit    int    // defaults to 100
	// For leaves out the alerts of private incidents that the viewer may not see, and those of private classes that belong to no incident.
	// nil: none are left out.
	For *respond.Viewer
}

// check returns the faults of the query.
func (q *AlertQuery) check() error {
	var errs []error
	found := func(format string, args ...any) { errs = append(errs, fmt.Errorf("tocsin: alerts: "+format, args...)) }
	switch alert.State(q.State) {
	case "", alert.Pending, alert.Firing, alert.Quiet, alert.Resolved:
	default:
		found("state %q, expected pending, firing, quiet, resolved, or none for all", q.State)
	}
	if q.Incident != "" && q.Promoted != nil && !*q.Promoted {
		found("incident %q and not promoted, expected one of them", q.Incident)
	}
	if len(q.Text) > maxText {
		found("text of %d bytes, expected at most %d", len(q.Text), maxText)
	}
	if q.Limit < 0 {
		found("limit %d, expected none below zero", q.Limit)
	}
	return errors.Join(errs...)
}

// takes reports whether an alert passes the filters.
func (q *AlertQuery) takes(al *core.Alert) bool {
	return (q.State == "" || string(al.State) == q.State) && (q.Service == "" || al.Service == q.Service) &&
		(q.Incident == "" || al.Incident == q.Incident) && (q.Promoted == nil || *q.Promoted == (al.Incident != "")) &&
		holds(q.Text, al.Latest.Summary, al.Class, al.ID)
}

// alertRows returns the query of the store whose rows the filters look at.
func (e *Engine) alertRows(ctx context.Context, q *AlertQuery) (store.Query, error) {
	sq := store.Query{Tenant: q.Tenant, Kind: core.KindAlert, State: q.State, Limit: q.Limit}
	if q.Service+q.Text != "" || q.Promoted != nil {
		sq.Limit = scannedPage
	}
	if q.Incident != "" {
		row, err := e.read(ctx, q.Incident, false)
		if err == nil && (row.Key.Kind != core.KindIncident || row.Key.Tenant != q.Tenant) {
			err = fmt.Errorf("%w: no incident %q", ErrNotFound, q.Incident)
		}
		if err != nil {
			return sq, err
		}
		sq = store.Query{Ref: core.MembersRef(row.Key.Tenant, q.Incident), Limit: sq.Limit}
	}
	if q.After != "" {
		var err error
		if sq.After, err = e.cursor(ctx, q.Tenant, core.KindAlert, q.After); err != nil {
			return sq, err
		}
	}
	return sq, nil
}

// orphaned reports whether an alert of a private class belongs to no incident, so that nothing says who may see it.
func orphaned(al *core.Alert, cat *catalog.Compiled) bool {
	class, _ := cat.Class(al.Class)
	return al.Incident == "" && class.Private
}

// Alerts returns alerts, the worst priority first; those of one incident by id. Each says why nobody was paged for it, if it belongs to
// no incident. Alerts leaves out those that cannot be read; [Engine.Unreadable] lists them. It returns an error that joins the faults of the
// query, one that wraps [ErrNotFound] for an incident of another tenant, and a [*MoreError] with a part of the answer if the filters leave
// out too many.
func (e *Engine) Alerts(ctx context.Context, q AlertQuery) ([]incident.Alert, error) {
	if err := given(ctx, "alerts"); err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	hidden, err := e.hiddenFrom(ctx, q.For, q.Tenant)
	if err == nil && hidden[q.Incident] {
		err = fmt.Errorf("%w: no incident %q", ErrNotFound, q.Incident)
	}
	if err != nil {
		return nil, err
	}
	sq, err := e.alertRows(ctx, &q)
	if err != nil {
		return nil, err
	}
	alerts, cat := []incident.Alert{}, e.catalog.Load()
	var more MoreError
	for row, err := range rowsOf[*core.Alert](ctx, e, sq) {
		switch {
		case err != nil && !isUnreadable(err):
			return nil, err
		case more.Read == mostRead:
			return alerts, &more
		case err == nil && q.takes(row.rec) && !hidden[row.rec.Incident] && (q.For == nil || !orphaned(row.rec, cat)):
			if alerts = append(alerts, core.ViewAlert(row.rec, cat)); len(alerts) == cmp.Or(q.Limit, 100) {
				return alerts, nil
			}
		}
		more.Read, more.After = more.Read+1, core.ID(row.Key)
	}
	return alerts, nil
}
