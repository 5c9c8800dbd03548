package status

import (
	"errors"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
)

// ledgerAnswer is the ledger of messages, or a part of it.
type ledgerAnswer struct {
	Messages []tocsin.LedgerLine `json:"messages"`
	Next     string              `json:"next,omitempty"`
}

// messagesOf says what became of the messages of an incident, also of one that cannot be read.
func (q *apiRequest) messagesOf() (any, error) {
	if err := q.params().faults(); err != nil {
		return nil, err
	}
	inc, err := q.visible(q.PathValue("id"))
	var odd *tocsin.UnreadableError
	query := tocsin.LedgerQuery{Tenant: inc.Tenant, Incident: q.PathValue("id")}
	switch {
	case errors.As(err, &odd):
		query.Tenant = odd.Tenant
	case err != nil:
		return nil, err
	}
	lines, err := q.engine.Ledger(q.Context(), query)
	if errors.As(err, &odd) {
		err = nil
	}
	return ledgerAnswer{Messages: lines}, err
}

// messages says what became of the messages to a person, or to all.
func (q *apiRequest) messages() (any, error) {
	p := q.params("tenant", "person", "from", "to", "after", "limit")
	query := tocsin.LedgerQuery{
		Tenant: p.tenant(), Person: escalate.PersonID(p.text("person")), From: p.instant("from"), To: p.instant("to"), After: p.text("after"), Limit: p.limit(),
		For: &q.viewer,
	}
	if !query.To.IsZero() && !query.From.Before(query.To) {
		p.fault("from is not before to")
	}
	if err := p.err(query.Tenant); err != nil {
		return nil, err
	}
	lines, err := q.engine.Ledger(q.Context(), query)
	next, err := more(false, err, nil)
	return ledgerAnswer{lines, next}, err
}
