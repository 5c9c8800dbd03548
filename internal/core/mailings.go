package core

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// Mailing is the record of one update to the subscribers of a list. Each step makes the messages to some of them, in the commit that moves
// Cursor on: a step that was not committed has sent nothing, and one that was is not done again.
type Mailing struct {
	List    string      `json:"list" erase:"keep"`
	About   string      `json:"about" erase:"keep"`  // the incident, or what else it is about; nobody outside sees it
	Update  string      `json:"update" erase:"keep"` // its id in what it is about
	Title   string      `json:"title" erase:"words"`
	Text    string      `json:"text" erase:"words"`
	Service string      `json:"service,omitempty" erase:"keep"` // the name that customers know
	Regions []string    `json:"regions,omitempty" erase:"words"`
	Topic   comms.Topic `json:"topic" erase:"keep"`
	First   time.Time   `json:"first"`                         // when the update left that it is or corrects
	Cursor  string      `json:"cursor,omitempty" erase:"keep"` // the subscribers up to this id are done
	Made    int         `json:"made"`                          // messages
	Due     time.Time   `json:"due,omitzero"`                  // of the next step
	Ended   time.Time   `json:"ended,omitzero"`
}

const (
	mailStep  = 200            // subscribers of one step
	mailPause = time.Second    // between two steps, so that others get their turn
	mailLife  = 24 * time.Hour // how long a message to a subscriber is tried

	// A list with as many subscribers as a view shows is read by shares, each a few digits of the ids.
	mostListed  = 1000
	shareDigits = 3
	shares      = 1 << (4 * shareDigits)
	shareStep   = 128
)

func indexMailing(_ *turn, _ *record, m *Mailing, c *store.Change) {
	c.State, c.Ended = "under way", m.Ended
	if !m.Ended.IsZero() {
		c.State = "done"
	}
}

func (m *Mailing) due() (time.Time, bool) { return m.Due, !m.Due.IsZero() }

// mail begins to send an update to the subscribers of a list.
func (t *turn) mail(tenant string, m Mailing, at time.Time) {
	m.Due = at
	key := store.Key{Tenant: tenant, Kind: KindMailing, ID: hashed(20, m.About, m.Update, m.List)}
	row, rec := load[Mailing](t, key)
	if row == nil {
		return
	}
	*rec, row.dirty = m, true
}

// fanOut is one step of a mailing.
func fanOut(t *turn, r *record, m *Mailing, at time.Time) bool {
	ids, next, ok := t.listed(r.key.Tenant, m)
	if !ok {
		return false
	}
	for _, id := range ids {
		peek[Subscriber](t, subscriberKey(r.key.Tenant, id))
	}
	if !t.need.Empty() {
		return false
	}
	for _, id := range ids {
		key := subscriberKey(r.key.Tenant, id)
		if s := peek[Subscriber](t, key); s != nil && s.hears(m) {
			t.toSubscriber(key, s, notify.Message{
				Key: "update-" + hashed(20, r.key.Tenant, r.key.ID, id), Part: PartSubscriber, Incident: hashed(lengths[0], "public", r.key.Tenant, m.About),
				Title: m.Title, Text: m.Text,
			}, at, mailLife)
			m.Made++
		}
	}
	if m.Cursor = next; next != "" {
		m.Due = at.Add(mailPause)
		if t.now.After(at) { // many steps that were due while nobody looked are no single one
			m.Due = t.now.Add(mailPause)
		}
		return true
	}
	m.Due, m.Ended = time.Time{}, at
	return true
}

// listed returns the ids of the next subscribers of a mailing, and the cursor behind them; empty: they are the last.
func (t *turn) listed(tenant string, m *Mailing) (ids []string, next string, ok bool) {
	keys, ok := t.refs(store.Ref{Tenant: tenant, Kind: refList, Name: m.List})
	if !ok {
		return nil, "", false
	}
	if len(keys) >= mostListed {
		from := shareOf(m.Cursor)
		to := min(from+shareStep, shares)
		if to < shares {
			next = fmt.Sprintf("%0*x~", shareDigits, to-1) // behind every id of the share
		}
		keys = nil
		for n := from; n < to; n++ {
			some, known := t.refs(store.Ref{Tenant: tenant, Kind: refShare, Name: share(m.List, n)})
			keys, ok = append(keys, some...), ok && known
		}
		if !ok {
			return nil, "", false
		}
	}
	for _, key := range keys {
		if key.ID > m.Cursor {
			ids = append(ids, key.ID)
		}
	}
	if slices.Sort(ids); len(ids) > mailStep {
		ids = ids[:mailStep]
		next = ids[mailStep-1]
	}
	return ids, next, true
}

// shareOf returns the share of a list to which an id belongs.
func shareOf(id string) int {
	if len(id) < shareDigits {
		return 0
	}
	n, err := strconv.ParseUint(id[:shareDigits], 16, 32)
	if err != nil { // it was made by somebody else: any share will do
		return 0
	}
	return int(n)
}

// share names a share of a list.
func share(list string, n int) string { return fmt.Sprintf("%s/%0*x", list, shareDigits, n) }
