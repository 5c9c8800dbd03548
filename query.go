package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// ErrNotFound reports an id that names no incident, alert or event.
var ErrNotFound = errors.New("tocsin: not found")

// Query selects incidents. A filter that is empty selects all.
type Query struct {
	Tenant   string
	Phase    incident.Phase
	Open     bool              // active and monitoring; Phase is empty then
	Team     string            // that owns it
	Service  string            // that it is about
	Priority severity.Priority // that counts
	Text     string            // part of the title, the class or the id, in any case; at most 255 bytes
	From, To time.Time         // detected at From or later, and before To
	Declared string            // id of the command that declared it; in the tenant
	After    string            // id of the last incident of the previous page, or that of a [MoreError]; empty: the first page
	Limit    int               // defaults to 100
	For      *respond.Viewer   // leaves out the private incidents that the viewer may not see; nil: none are left out
}

const (
	mostRead    = 10_000 // rows that one call of Incidents or Alerts reads
	scannedPage = 500    // rows of one read of the store, if filters leave some out
	maxText     = 255    // bytes of a text to look for
)

// MoreError ends an answer of Incidents, Alerts or Ledger early, since the call has read 10,000 rows, of which the filters left out most, or as
// many timelines as one call reads. What it had found until then is returned with the error. The same query with After goes on behind the
// rows that were read.
type MoreError struct {
	After string // for the field After of the query
	Read  int    // rows
}

// Error says how to go on.
func (m *MoreError) Error() string {
	return fmt.Sprintf("tocsin: %d rows were read, and there are more: repeat the query with After %q", m.Read, m.After)
}

// check returns the faults of the query.
func (q *Query) check() error {
	var errs []error
	found := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("tocsin: incidents: "+format, args...))
	}
	if q.Phase != "" && !slices.Contains(incident.Phases(), q.Phase) {
		found("phase %q, expected one of %v, or none for all", q.Phase, incident.Phases())
	}
	if q.Declared != "" && (q.Open || q.Phase != "") {
		found("declared beside open or a phase, expected one of them")
	}
	if q.Open && q.Phase != "" {
		found("open and phase %q, expected one of them", q.Phase)
	}
	if q.Priority != 0 && !q.Priority.Valid() {
		found("priority %d, expected 1 to 5, or 0 for all", q.Priority)
	}
	if len(q.Text) > maxText {
		found("text of %d bytes, expected at most %d", len(q.Text), maxText)
	}
	if !q.To.IsZero() && !q.From.Before(q.To) {
		found("from %s to %s, expected an earlier from", q.From.Format(time.RFC3339), q.To.Format(time.RFC3339))
	}
	if q.Limit < 0 {
		found("limit %d, expected none below zero", q.Limit)
	}
	return errors.Join(errs...)
}

// takes reports whether an incident of the right tenant and phase passes the filters.
func (q *Query) takes(i *core.Incident) bool {
	at := i.Phases.Detected
	return (q.Team == "" || i.Owner == q.Team) && (q.Service == "" || i.Service == q.Service) &&
		(q.Priority == 0 || i.Rating.Priority == q.Priority) && !at.Before(q.From) && (q.To.IsZero() || at.Before(q.To)) &&
		holds(q.Text, i.Title, i.Class, i.ID)
}

// holds reports whether one of the texts holds a part, in any case.
func holds(part string, texts ...string) bool {
	part = strings.ToLower(part)
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), part) })
}

// stores returns the queries of the store whose rows the filters look at.
func (q *Query) stores() []store.Query {
	sq := store.Query{Tenant: q.Tenant, Kind: core.KindIncident, State: string(q.Phase), Limit: q.Limit}
	if q.Team+q.Service+q.Text != "" || q.Priority != 0 || !q.From.IsZero() || !q.To.IsZero() {
		sq.Limit = scannedPage
	}
	if q.Declared != "" {
		return []store.Query{{Ref: core.DeclaredRef(q.Tenant, q.Declared), Limit: sq.Limit}}
	}
	if !q.Open {
		return []store.Query{sq}
	}
	var open []store.Query
	for _, p := range incident.Phases() {
		if p.Open() {
			sq.State = string(p)
			open = append(open, sq)
		}
	}
	return open
}

// Incidents returns incidents, the worst priority first. It leaves out those that cannot be read; [Engine.Unreadable] lists them. It
// returns an error that joins the faults of the query, and a [*MoreError] with a part of the answer if the filters leave out too many.
func (e *Engine) Incidents(ctx context.Context, q Query) ([]incident.Incident, error) {
	if err := given(ctx, "incidents"); err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	hidden, err := e.hiddenFrom(ctx, q.For, q.Tenant)
	if err != nil {
		return nil, err
	}
	queries := q.stores()
	if q.After != "" {
		after, err := e.cursor(ctx, q.Tenant, core.KindIncident, q.After)
		if err != nil {
			return nil, err
		}
		for i := range queries {
			queries[i].After = after
		}
	}
	incidents := []incident.Incident{}
	var more MoreError
	for row, err := range merged(ctx, e, queries) {
		switch {
		case err != nil && !isUnreadable(err):
			return nil, err
		case more.Read == mostRead:
			return incidents, &more
		case err == nil && q.Priority != 0 && q.Priority.Above(row.rec.Rating.Priority):
			return incidents, nil // and so are all that follow
		case err == nil && q.takes(row.rec) && !hidden[row.rec.ID]:
			inc, err := e.view(ctx, row.rec)
			if err != nil {
				return nil, err
			}
			if incidents = append(incidents, inc); len(incidents) == cmp.Or(q.Limit, 100) {
				return incidents, nil
			}
		}
		if more.Read++; err == nil || more.After == "" { // one that cannot be read may come early
			more.After = row.Key.ID
		}
	}
	return incidents, nil
}

// merged yields the incidents that several queries find in the order of one: the worst priority first, then by key.
func merged(ctx context.Context, e *Engine, queries []store.Query) iter.Seq2[found[*core.Incident], error] {
	if len(queries) == 1 {
		return rowsOf[*core.Incident](ctx, e, queries[0])
	}
	return func(yield func(found[*core.Incident], error) bool) {
		heads := make([]head, len(queries))
		for i, q := range queries {
			next, stop := iter.Pull2(rowsOf[*core.Incident](ctx, e, q))
			defer stop()
			heads[i].next = next
			heads[i].pull()
		}
		for {
			heads = slices.DeleteFunc(heads, func(h head) bool { return !h.ok })
			if len(heads) == 0 {
				return
			}
			first := 0
			for i := range heads {
				if heads[i].before(&heads[first]) {
					first = i
				}
			}
			if !yield(heads[first].row, heads[first].err) {
				return
			}
			heads[first].pull()
		}
	}
}

// head is the next row of a query.
type head struct {
	next func() (found[*core.Incident], error, bool)
	row  found[*core.Incident]
	err  error
	ok   bool
}

func (h *head) pull() { h.row, h.err, h.ok = h.next() }

// before reports whether the row comes before another. One that cannot be read comes first, since its priority is unknown.
func (h *head) before(o *head) bool {
	if h.err != nil || o.err != nil {
		return h.err != nil
	}
	return cmp.Or(cmp.Compare(h.row.rec.Rating.Priority, o.row.rec.Rating.Priority), h.row.Key.Compare(o.row.Key)) < 0
}

// Incident returns one incident. The error wraps [ErrNotFound], or is an [*UnreadableError].
func (e *Engine) Incident(ctx context.Context, id string) (incident.Incident, error) {
	row, err := e.read(ctx, id, false)
	if err != nil {
		return incident.Incident{}, err
	}
	if row.Key.Kind == core.KindAlert {
		return incident.Incident{}, fmt.Errorf("%w: %q is an alert", ErrNotFound, id)
	}
	inc, err := recOf[*core.Incident](ctx, e, &row)
	if err != nil {
		return incident.Incident{}, err
	}
	return e.view(ctx, inc)
}

// Timeline returns the entries of an incident or an alert, oldest first, or an error that wraps [ErrNotFound]. The id of an
// alert is its intake, "/" and its dedup key; with a tenant it is a hash. [incident.Entry.Line] formats an entry for people. The
// timeline of a record that cannot be read is returned all the same; an entry that cannot be read is replaced by one that says so.
func (e *Engine) Timeline(ctx context.Context, id string) ([]incident.Entry, error) {
	row, err := e.read(ctx, id, true)
	if err != nil {
		return nil, err
	}
	entries, faults := entriesOf(&row)
	for _, u := range faults {
		e.aside.note(ctx, e, u)
	}
	return entries, nil
}

// Briefing returns a text of at most 25 lines that catches somebody up who joins the incident, see [incident.Briefing]. The error wraps
// [ErrNotFound], or is an [*UnreadableError]. It knows no viewer: ask [respond.Viewer.MaySee] before.
func (e *Engine) Briefing(ctx context.Context, id string) (string, error) {
	row, err := e.read(ctx, id, true)
	if err != nil {
		return "", err
	}
	if row.Key.Kind != core.KindIncident {
		return "", fmt.Errorf("%w: %q is an alert", ErrNotFound, id)
	}
	inc, err := recOf[*core.Incident](ctx, e, &row)
	if err != nil {
		return "", err
	}
	view, err := e.view(ctx, inc)
	if err != nil {
		return "", err
	}
	entries, _ := entriesOf(&row)
	return incident.Briefing(&view, entries, e.now(ctx)), nil
}

// maxID is the length of the longest id, in bytes: that of an alert is an intake, "/" and a dedup key.
const maxID = 511

// read finds the row of an incident or an alert.
func (e *Engine) read(ctx context.Context, id string, timeline bool) (store.Snapshot, error) {
	if err := given(ctx, "read"); err != nil {
		return store.Snapshot{}, err
	}
	if event.CheckText(id, maxID) != nil {
		return store.Snapshot{}, fmt.Errorf("%w: %.40q", ErrNotFound, id)
	}
	for _, q := range []store.Query{{Ref: core.IDRef(id)}, {Keys: []store.Key{{Kind: core.KindAlert, ID: id}}}} {
		q.Timeline = timeline
		var last store.Snapshot // keys are in order: an incident before the alert of a tenant with the same hash
		for row, err := range rowsOf[any](ctx, e, q) {
			if err != nil && !isUnreadable(err) {
				return store.Snapshot{}, err
			}
			last = row.Snapshot
		}
		if last.Version > 0 {
			return last, nil
		}
	}
	return store.Snapshot{}, fmt.Errorf("%w: %q", ErrNotFound, id)
}

// cursor returns where a page begins that follows the incident or alert with the id. One of another tenant is answered as one that does
// not exist.
func (e *Engine) cursor(ctx context.Context, tenant, kind, id string) (string, error) {
	last, err := e.read(ctx, id, false)
	switch {
	case err == nil && last.Key.Tenant != tenant:
		err = fmt.Errorf("%w: %q", ErrNotFound, id)
	case err == nil && last.Key.Kind != kind:
		err = fmt.Errorf("%w: %q is an %s, expected an %s", ErrNotFound, id, last.Key.Kind, kind)
	}
	return last.Cursor, err
}

// Known returns the person of the catalog whom a name means: the id, another name of the person, or the address of a contact. It returns
// false if the catalog has no such person; a catalog without people has none.
func (e *Engine) Known(name escalate.PersonID) (escalate.PersonID, bool) {
	return e.catalog.Load().Known(name)
}

// SeverityOf returns the severity that the catalog gives to a sender's word at an intake, and false if it gives none.
func (e *Engine) SeverityOf(intake, word string) (severity.Level, bool) {
	return e.catalog.Load().SeverityOf(intake, word)
}
