package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	maxDedupKey = 255  // characters
	maxSummary  = 1024 // characters; enforced in bytes
)

// Notifier sends to one service of PagerDuty. It is safe for concurrent use. Do not change its fields after the first use.
type Notifier struct {
	// RoutingKey is the integration key of the service. Required.
	RoutingKey notify.Secret
	// URL defaults to https://events.pagerduty.com/v2/enqueue. In the EU region the host is events.eu.pagerduty.com.
	URL string
	// Client defaults to a client that connects to public addresses only, ignores the proxy variables of the environment and
	// times out after 10 seconds. Redirects are not followed, with any client.
	Client *http.Client

	sender outbound.Sender
}

var _ notify.Notifier = (*Notifier)(nil)

// occurrence is the body of an Events API v2 request.
type occurrence struct {
	RoutingKey string  `json:"routing_key"`
	Action     string  `json:"event_action"`
	DedupKey   string  `json:"dedup_key"`
	Client     string  `json:"client"`
	Links      []link  `json:"links,omitempty"`
	Payload    payload `json:"payload"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text,omitempty"`
}

type payload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp time.Time         `json:"timestamp"`
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details"`
}

// Notify sends m once. The receipt is the dedup_key, which all messages of an incident share.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	o := n.occurrence(&m)
	body, err := json.Marshal(o)
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	answer, err := n.sender.Post(ctx, n.Client, outbound.Request{
		URL: cmp.Or(n.URL, "https://events.pagerduty.com/v2/enqueue"), Body: body, Key: m.Key, TraceParent: m.TraceParent,
	})
	if err != nil {
		return notify.Receipt{}, err
	}
	if err := answer.Err(); err != nil {
		return notify.Receipt{}, err
	}
	return notify.Receipt{ID: o.DedupKey}, nil
}

func (n *Notifier) occurrence(m *notify.Message) *occurrence {
	action := "trigger"
	if m.Kind == notify.AllClear {
		action = "resolve"
	}
	o := &occurrence{
		RoutingKey: n.RoutingKey.Reveal(), Action: action, DedupKey: dedupKey(m), Client: "tocsin",
		Payload: payload{
			Summary: event.Shorten(cmp.Or(m.Title, m.Summary, m.Incident), maxSummary), Source: cmp.Or(m.Service, "tocsin"),
			Severity: severityOf(m.Priority), Timestamp: m.At, Component: m.Service, Group: m.Owner, Class: m.Class,
			Details: details(m),
		},
	}
	for _, l := range m.Links {
		o.Links = append(o.Links, link{Href: l.URL, Text: l.Text})
	}
	if strings.HasPrefix(m.Runbook, "https://") || strings.HasPrefix(m.Runbook, "http://") {
		o.Links = append(o.Links, link{Href: m.Runbook, Text: "runbook"})
	}
	return o
}

// dedupKey returns the incident's id, or the key of a message without an incident. A key that is too long for PagerDuty is
// replaced by its hash.
func dedupKey(m *notify.Message) string {
	key := cmp.Or(m.Incident, m.Key)
	if len(key) > maxDedupKey {
		return outbound.MessageID(key)
	}
	return key
}

func severityOf(p severity.Priority) string {
	switch p {
	case severity.P1:
		return "critical"
	case severity.P2:
		return "error"
	case severity.P4, severity.P5:
		return "info"
	}
	return "warning"
}

// details returns the non-empty fields. PagerDuty shows them as plain text.
func details(m *notify.Message) map[string]string {
	all := map[string]string{
		"key": m.Key, "kind": string(m.Kind), "priority": m.Priority.String(), "why": m.Why, "text": m.Text, "note": m.Note,
		"to": m.To, "person": m.Person, "owner": m.Owner, "runbook": m.Runbook,
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}
