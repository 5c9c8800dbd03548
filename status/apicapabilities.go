package status

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

func apiCapabilities() map[string]apiRoute {
	return map[string]apiRoute{
		"GET /capabilities":               {answer: (*apiRequest).capabilities},
		"GET /capabilities/{name}":        {answer: (*apiRequest).capability},
		"POST /capabilities/{name}/share": {answer: (*apiRequest).share},
	}
}

type bodyShare struct{ Hours *int }

// standingCapability is how a capability stands.
type standingCapability struct {
	Name     string            `json:"name"`
	Title    string            `json:"title"`
	Owner    string            `json:"owner,omitempty"`
	State    State             `json:"state"`
	Says     string            `json:"says"`
	Priority severity.Priority `json:"priority,omitzero"` // of the worst incident
	Since    time.Time         `json:"since,omitzero"`    // of the worst incident
	Open     int               `json:"open"`
	Services []standingService `json:"services,omitempty"` // of one capability only
}

// standingService is how a service of a capability stands, or one that such a service needs.
type standingService struct {
	Name     string            `json:"name"`
	NeededBy string            `json:"neededBy,omitempty"`
	State    State             `json:"state"`
	Open     int               `json:"open"`
	Priority severity.Priority `json:"priority,omitzero"`
	Incident string            `json:"incident,omitempty"` // id of the worst
	Title    string            `json:"title,omitempty"`    // of that
}

// seen is what an answer was made of.
type seen struct {
	AsOf  time.Time `json:"asOf,omitzero"`
	Fault string    `json:"fault,omitempty"`
}

// rolled returns how the capabilities of a tenant stand. It reads the store at most once a second for all who ask.
func (q *apiRequest) rolled() ([]capability, *Snapshot, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, nil, err
	}
	s := (&request{viewer: q.viewer}).snapshot(q.boards.board(tenant).fresh(q.Context()), time.Now().UTC())
	return rollUp(q.engine.Catalog().Source(), &s), &s, nil
}

func standingOf(c *capability, s *Snapshot) standingCapability {
	answer := standingCapability{Name: c.Name, Title: c.Title, Owner: c.Owner, State: c.State, Says: line.Of(c.Title) + ": " + c.says(s), Open: c.Open}
	if c.Worst != nil {
		answer.Priority, answer.Since = c.Worst.Worst.Priority, c.Worst.Worst.Since
	}
	return answer
}

func (q *apiRequest) capabilities() (any, error) {
	all, s, err := q.rolled()
	if err != nil {
		return nil, err
	}
	list := make([]standingCapability, len(all))
	for k := range all {
		list[k] = standingOf(&all[k], s)
	}
	return struct {
		Capabilities []standingCapability `json:"capabilities"`
		seen
	}{list, seen{s.AsOf, s.Fault}}, nil
}

func (q *apiRequest) capability() (any, error) {
	all, s, err := q.rolled()
	if err != nil {
		return nil, err
	}
	for k := range all {
		c := &all[k]
		if c.Name != q.PathValue("name") {
			continue
		}
		answer := standingOf(c, s)
		for n := range c.Parts {
			answer.Services = append(answer.Services, serviceOf(&c.Parts[n], s))
		}
		return struct {
			Capability standingCapability `json:"capability"`
			seen
		}{answer, seen{s.AsOf, s.Fault}}, nil
	}
	return nil, fmt.Errorf("%w: capability %.40q", tocsin.ErrNotFound, q.PathValue("name"))
}

func serviceOf(p *part, s *Snapshot) standingService {
	of := standingService{Name: p.Service, NeededBy: p.For, State: stateQuiet, Open: p.Open}
	if p.Worst != nil {
		of.State, of.Priority, of.Incident, of.Title = p.Worst.State, p.Worst.Priority, p.Worst.ID, p.Worst.Title
	}
	if s.Fault != "" {
		of.State = stateUnknown
	}
	return of
}

// share makes a link to a capability.
func (q *apiRequest) share() (any, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, err
	}
	var b bodyShare
	if err := q.decode(&b); err != nil {
		return nil, err
	}
	hours := shareUsual
	if b.Hours != nil {
		hours = *b.Hours
	}
	switch {
	case hours < 1 || hours > shareMost:
		return nil, problemInvalid.because(fmt.Sprintf("hours is %d, expected 1 to %d", hours, shareMost))
	case !q.engine.HasLinks():
		return nil, problemNoLinks
	}
	made, err := q.engine.Share(q.Context(), q.viewer, tenant, q.PathValue("name"), time.Duration(hours)*time.Hour)
	if err != nil {
		return nil, err
	}
	return struct {
		URL   string    `json:"url"`
		Until time.Time `json:"until"`
	}{made.URL, made.Until}, nil
}
