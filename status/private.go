package status

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/incident"
)

// secrets are the private incidents that a projection shows, and what is needed to show it without some of them.
type secrets struct {
	private map[string]incident.Incident
	source  *catalog.Catalog
}

// keep notes the private ones of the incidents.
func (s *secrets) keep(i *incident.Incident) {
	if !i.Private {
		return
	}
	if s.private == nil {
		s.private = make(map[string]incident.Incident)
	}
	s.private[i.ID] = *i
}

// fresh returns what the viewer may see of a recent projection.
func (q *request) fresh() *projection { return q.seen(q.board(q.tenant).fresh(q.Context())) }

// hidden returns the ids of the incidents of a projection that the viewer may not see, sorted.
func (q *request) hidden(p *projection) (ids []string) {
	for id, i := range p.private {
		if !q.viewer.MaySee(&i) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// seen returns a projection without what the viewer may not see: itself, if it has nothing of the kind.
func (q *request) seen(p *projection) *projection {
	ids := q.hidden(p)
	if len(ids) == 0 {
		return p
	}
	own := &projection{
		Snapshot: p.Snapshot, version: p.version, read: p.read, detail: p.detail, took: p.took, next: p.next,
		secrets: secrets{maps.Clone(p.private), p.source},
	}
	ended := false
	for _, id := range ids {
		i := own.private[id]
		own.Sending -= len(i.Pending)
		ended = ended || i.Over().Equal(p.Ended)
		delete(own.private, id)
	}
	gone := func(id string) bool { return slices.Contains(ids, id) }
	own.Open = slices.DeleteFunc(slices.Clone(p.Open), func(i Incident) bool { return gone(i.ID) })
	own.Asks = slices.DeleteFunc(slices.Clone(p.Asks), func(a Ask) bool { return gone(a.Incident) })
	own.Lost = slices.DeleteFunc(slices.Clone(p.Lost), func(l Lost) bool { return gone(l.Incident) })
	own.ended = slices.DeleteFunc(slices.Clone(p.ended), func(s span) bool { return gone(s.ID) })
	own.Needed = needed(p.source, own.Open)
	if ended {
		own.Ended = time.Time{}
		for _, s := range own.ended {
			if s.End.After(own.Ended) {
				own.Ended = s.End
			}
		}
	}
	return own
}
