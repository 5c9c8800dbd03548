package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// LedgerQuery selects lines of the ledger of messages. A filter that is empty selects all.
type LedgerQuery struct {
	Tenant   string
	Incident string            // id; all its lines are returned, whatever Limit is
	Person   escalate.PersonID // to whom a message went, or would have gone
	From, To time.Time         // lines of From or later, and before To
	After    string            // that of a [MoreError]; empty: from the start
	Limit    int               // incidents whose lines are read; defaults to 500, which is the most
	For      *respond.Viewer   // leaves out the private incidents that the viewer may not see; nil: none are left out
}

// LedgerLine says what became of a message at one moment.
type LedgerLine struct {
	Incident string         `json:"incident"`        // id
	Title    string         `json:"title,omitempty"` // of the incident; empty if its record cannot be read
	At       time.Time      `json:"at,omitzero"`     // zero: the message is on its way
	Sent     *incident.Sent `json:"sent,omitempty"`  // nil: only Words are known, since an earlier version of tocsin wrote them
	Words    string         `json:"words,omitempty"` // without Sent: the entry of the timeline
}

// mostLedgers is how many incidents one call of Ledger reads the lines of.
const mostLedgers = 500

// Ledger returns what became of messages: sent, tried, delayed, withdrawn or withheld, each with the reason. The oldest line comes first, and
// messages on their way last, unless To is over. Messages of [respond.SendTest] belong to no incident and are left out.
//
// An entry that an earlier version of tocsin wrote does not say to whom its message went: it is in the answer for every Person, with its
// words. So is an entry that cannot be read. Retries of an earlier version are left out.
//
// Ledger returns an error that joins the faults of the query, one that wraps [ErrNotFound] for an incident of another tenant, and an
// [*UnreadableError] beside the lines of an incident whose record cannot be read. If more incidents lived between From and To than Limit,
// the error is a [*MoreError], beside the lines of those that were read. Without Incident, incidents that cannot be read are left out;
// [Engine.Unreadable] lists them.
func (e *Engine) Ledger(ctx context.Context, q LedgerQuery) ([]LedgerLine, error) {
	if err := given(ctx, "ledger"); err != nil {
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
	if q.Incident != "" {
		return e.ledgerOf(ctx, &q)
	}
	keys, more, err := e.ledgers(ctx, &q, hidden)
	if err != nil {
		return nil, err
	}
	lines, now := []LedgerLine{}, e.now(ctx)
	for some := range slices.Chunk(keys, 100) { // a read of the store each
		for row, err := range rowsOf[*core.Incident](ctx, e, store.Query{Keys: some, Timeline: true}) {
			switch {
			case err != nil && !isUnreadable(err):
				return nil, err
			case err == nil:
				lines = append(lines, q.lines(&row, now)...)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b LedgerLine) int {
		if a.At.IsZero() != b.At.IsZero() { // what is on its way has no instant yet
			return -a.At.Compare(b.At)
		}
		return a.At.Compare(b.At)
	})
	if more != nil {
		return lines, more
	}
	return lines, nil
}

// check returns the faults of the query.
func (q *LedgerQuery) check() error {
	var errs []error
	if !q.To.IsZero() && !q.From.Before(q.To) {
		errs = append(errs, fmt.Errorf("tocsin: ledger: from %s to %s, expected an earlier from", q.From.Format(time.RFC3339), q.To.Format(time.RFC3339)))
	}
	if q.Limit < 0 || q.Limit > mostLedgers {
		errs = append(errs, fmt.Errorf("tocsin: ledger: limit %d, expected 0 to %d", q.Limit, mostLedgers))
	}
	if q.Incident != "" && q.After != "" {
		errs = append(errs, fmt.Errorf("tocsin: ledger: incident %q and after %q, expected one of them", q.Incident, q.After))
	}
	return errors.Join(errs...)
}

// ledgerOf returns the lines of one incident.
func (e *Engine) ledgerOf(ctx context.Context, q *LedgerQuery) ([]LedgerLine, error) {
	row, err := e.read(ctx, q.Incident, true)
	if err == nil && (row.Key.Kind != core.KindIncident || row.Key.Tenant != q.Tenant) {
		err = fmt.Errorf("%w: no incident %q", ErrNotFound, q.Incident)
	}
	if err != nil {
		return nil, err
	}
	inc, err := recOf[*core.Incident](ctx, e, &row)
	return q.lines(&found[*core.Incident]{Snapshot: row, rec: inc}, e.now(ctx)), err
}

// ledgers returns the incidents that may have lines which the query selects, and where to go on if there are too many.
func (e *Engine) ledgers(ctx context.Context, q *LedgerQuery, hidden map[string]bool) (keys []store.Key, more *MoreError, err error) {
	sq := store.Query{Tenant: q.Tenant, Kind: core.KindIncident, Limit: scannedPage}
	if q.After != "" {
		if sq.After, err = e.cursor(ctx, q.Tenant, core.KindIncident, q.After); err != nil {
			return nil, nil, err
		}
	}
	read, last := 0, ""
	for row, err := range rowsOf[*core.Incident](ctx, e, sq) {
		if err != nil && !isUnreadable(err) {
			return nil, nil, err
		}
		takes := err == nil && q.takes(row.rec) && !hidden[row.Key.ID]
		if takes && len(keys) == cmp.Or(q.Limit, mostLedgers) || read == mostRead {
			return keys, &MoreError{After: last, Read: read}, nil
		}
		if read, last = read+1, row.Key.ID; takes {
			keys = append(keys, row.Key)
		}
	}
	return keys, nil, nil
}

// takes reports whether an incident may have lines between From and To.
func (q *LedgerQuery) takes(i *core.Incident) bool {
	posted := i.Delivery.Posted // zero: an earlier version did not note it
	return (q.To.IsZero() || i.Phases.Since().Before(q.To)) && (posted.IsZero() || !posted.Before(q.From) || len(i.Delivery.Pending) > 0)
}

// lines returns the lines of an incident that the query selects. Its record is nil if it cannot be read.
func (q *LedgerQuery) lines(row *found[*core.Incident], now time.Time) []LedgerLine {
	entries, _ := entriesOf(&row.Snapshot)
	lines, blank := []LedgerLine{}, LedgerLine{Incident: row.Key.ID}
	if row.rec != nil {
		blank.Title = row.rec.Title
	}
	for i := range entries {
		e, l := &entries[i], blank
		switch l.At, l.Sent = e.At, e.Sent; {
		case e.At.Before(q.From), !q.To.IsZero() && !e.At.Before(q.To), !q.concerns(e.Sent):
			continue
		case e.Sent == nil && !mayBeMessage(e):
			continue
		case e.Sent == nil:
			l.Words = line.Of(string(e.Word) + "  " + e.Text)
		}
		lines = append(lines, l)
	}
	if row.rec == nil || !q.To.IsZero() && !now.Before(q.To) {
		return lines
	}
	for _, s := range row.rec.UnderWay() {
		if l := blank; q.concerns(&s) {
			l.Sent = &s
			lines = append(lines, l)
		}
	}
	return lines
}

// concerns reports whether a message went to the person of the query, or may have.
func (q *LedgerQuery) concerns(s *incident.Sent) bool {
	return s == nil || q.Person == "" || s.Person == q.Person
}

// mayBeMessage reports whether an entry without a line of the ledger is about a message, or cannot be read.
func mayBeMessage(e *incident.Entry) bool {
	unread := e.Word == incident.WordBroken && e.Of == "entry"
	return e.Word.Kind() == incident.KindPage || e.Word == incident.WordWithdrawn || e.Word == incident.WordResent || unread
}
