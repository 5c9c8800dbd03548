package pagerduty

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// The limits of developer.pagerduty.com, "Send an Alert Event" and "Size Limits".
const (
	maxDedupKey = 255      // characters
	maxSummary  = 1024     // characters; enforced in bytes
	maxDocument = 512_000  // bytes
	maxDetail   = 16 << 10 // bytes of one detail; ours
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

var (
	_ notify.Notifier = (*Notifier)(nil)
	_ notify.Checker  = (*Notifier)(nil)
)

// Check returns an error if the routing key is missing or the URL malformed.
func (n *Notifier) Check() error {
	if n.key() == "" {
		return errors.New("the routing key is missing, expected the integration key of a service")
	}
	return outbound.CheckURL(n.url())
}

// key returns the routing key without the white space around it: one that was read from a file ends in a line break.
func (n *Notifier) key() string { return strings.TrimSpace(n.RoutingKey.Reveal()) }

func (n *Notifier) url() string {
	return cmp.Or(strings.TrimSpace(n.URL), "https://events.pagerduty.com/v2/enqueue")
}

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

// Keeps implements [notify.Keeper]: PagerDuty keeps an incident open until it is resolved there.
func (n *Notifier) Keeps() {}

// Notify sends m once. The receipt is the dedup_key, which all messages of an incident share. A message for which PagerDuty has no
// event is not sent and counts as accepted; an approval is refused, so that the person's next contact is asked.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	m = m.Shown()
	action := actionOf(&m)
	switch {
	case m.Occasion == notify.OccasionApproval:
		return notify.Receipt{}, notify.Permanent(errors.New("PagerDuty takes no approvals, expected another contact for them"))
	case action == "":
		return notify.Receipt{ID: dedupKey(&m)}, nil
	}
	o := n.occurrence(&m, action)
	body, err := outbound.JSON(o)
	for out := 0; err == nil && len(body) > maxDocument && len(o.Links) > 0; {
		for over := len(body) - maxDocument; over > 0 && len(o.Links) > 0; out++ {
			last := len(o.Links) - 1
			over -= len(o.Links[last].Href)
			o.Links = o.Links[:last]
		}
		o.Payload.Details["links left out"] = strconv.Itoa(out)
		body, err = outbound.JSON(o)
	}
	if err != nil {
		return notify.Receipt{}, notify.Permanent(err)
	}
	answer, err := n.sender.Post(ctx, n.Client, outbound.Request{URL: n.url(), Body: body, Key: m.Key, TraceParent: m.TraceParent})
	if err != nil {
		return notify.Receipt{}, err
	}
	if err := answer.Err(); err != nil {
		return notify.Receipt{}, err
	}
	return notify.Receipt{ID: o.DedupKey}, nil
}

// actionOf returns the event_action of a message, "" if PagerDuty has none for it.
//
// A trigger pages, and opens a new incident if the old one was resolved there. So only pages trigger, and the notices of a policy that
// informs, which stand in for pages. News of an incident never does: a recovery would page anew.
//
// Nothing becomes an acknowledge: an incident acknowledged at PagerDuty notifies nobody of later triggers, so it would swallow the pages
// of later rounds.
func actionOf(m *notify.Message) string {
	switch {
	case m.Kind == notify.AllClear || m.Kind == notify.Close:
		return "resolve"
	case m.Kind == notify.Notice && len(m.Holders) > 0 && m.Level == 0 && m.Occasion != notify.OccasionOver && m.Occasion != notify.OccasionQuiet:
		return "" // news for those who have it
	}
	switch m.Occasion {
	case notify.OccasionOpened, notify.OccasionLater, notify.OccasionRaised, notify.OccasionBack:
		return "trigger"
	case notify.OccasionOver, notify.OccasionQuiet:
		return "resolve"
	case "":
		if m.Kind == notify.Notice && m.Level > 0 { // a level of the policy informs
			return "trigger"
		}
	}
	if m.Kind == notify.Page {
		return "trigger"
	}
	return ""
}

func (n *Notifier) occurrence(m *notify.Message, action string) *occurrence {
	o := &occurrence{
		RoutingKey: n.key(), Action: action, DedupKey: dedupKey(m), Client: "tocsin",
		Payload: payload{
			Summary: event.Shorten(cmp.Or(m.Title, m.Summary, m.Incident), maxSummary), Source: cmp.Or(m.Service, "tocsin"),
			Severity: severityOf(m), Timestamp: m.At, Component: m.Service, Group: m.Owner, Class: m.Class,
			Details: details(m),
		},
	}
	linked := *m
	linked.Title, linked.Text = "", "" // Parts leaves out the links that stand in them
	for _, p := range linked.Parts(nil) {
		if p.URL != "" {
			o.Links = append(o.Links, link{Href: p.URL, Text: p.Text})
		}
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

func severityOf(m *notify.Message) string {
	if m.Occasion == notify.OccasionTest {
		return "info"
	}
	switch m.Priority {
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
		"key": m.Key, "kind": string(m.Kind), "occasion": string(m.Occasion), "priority": m.Priority.String(), "why": m.Why, "text": m.Text,
		"note": m.Note, "to": m.To, "person": m.Person, "owner": m.Owner, "runbook": m.Runbook,
	}
	for name, value := range all {
		if all[name] = event.Shorten(value, maxDetail); value == "" {
			delete(all, name)
		}
	}
	return all
}
