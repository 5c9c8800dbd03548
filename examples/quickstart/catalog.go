package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
)

// checkoutCatalog has one team of two people: level 1 pages ana, level 2 pages ben, the lead. A runbook restarts the instance
// that an alert names, at most once an hour. The waits are short to make the demonstration quick.
func checkoutCatalog() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "payments", Plan: "quick"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"pager:ana"}},
			"ben": {Contacts: []escalate.Contact{"pager:ben"}},
		},
		Teams:    map[string]catalog.Team{"payments": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}},
		Services: map[string]catalog.Service{"checkout": {Owner: "payments", Tier: 1}},
		Classes:  []event.Class{{Name: "alertmanager.*", Service: "checkout", Runbook: "https://runbooks.example/checkout"}},
		Runbooks: map[string]automate.Runbook{"restart-instance": {
			Owner: "payments", Mode: automate.Auto, When: `service.name == "checkout"`, On: "labels.instance",
			Limit: automate.Limit{Subject: automate.Rate{Count: 1, Per: time.Hour}},
			Steps: []automate.Step{{Do: "restart"}},
		}},
		Routes: []catalog.Route{{ID: "checkout-errors", When: `service.name == "checkout" && event.severity >= error`, Plan: "quick"}},
		Plans:  map[string]catalog.Plan{"quick": {Policy: "two-levels", GroupWait: new(time.Duration), Soak: new(time.Duration)}},
		Policies: map[string]escalate.Policy{"two-levels": {Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: time.Second},
			{Page: []escalate.Target{"owner.lead"}, Wait: time.Minute},
		}}},
	}
}

const (
	firingFingerprint   = "4be1c7a09d3f2e58"
	resolvedFingerprint = "91d0e3f5a7b2c648"
)

// slowNotice is a notice about another condition of the same instance.
func slowNotice(now time.Time) string {
	return strings.NewReplacer("HighErrorRate", "SlowCheckout", firingFingerprint, "c02d7be4417f9a35").Replace(notice(now, "half of all requests are slow"))
}

// notice returns a webhook body of Alertmanager, version 4, with an alert that has fired for a minute and a resolved one. A later notice of
// the same alert has the same begin: with a newer one it would be another occurrence.
func notice(now time.Time, summary string) string {
	const form = `{
  "version": "4", "receiver": "tocsin", "status": "firing", "groupKey": "{}:{service=\"checkout\"}", "truncatedAlerts": 0,
  "groupLabels": {"service": "checkout"}, "commonLabels": {"service": "checkout"}, "commonAnnotations": {},
  "externalURL": "http://alertmanager.example",
  "alerts": [
    {"status": "firing", "fingerprint": %q, "startsAt": %q, "endsAt": "0001-01-01T00:00:00Z",
     "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "error", "instance": "web-1"},
     "annotations": {"summary": %q}, "generatorURL": "http://prometheus.example/graph"},
    {"status": "resolved", "fingerprint": %q, "startsAt": %q, "endsAt": %q,
     "labels": {"alertname": "SlowRequests", "service": "checkout", "severity": "warning", "instance": "web-2"},
     "annotations": {}, "generatorURL": "http://prometheus.example/graph"}
  ]
}`
	at := func(ago time.Duration) string { return now.Add(-ago).UTC().Format(time.RFC3339) }
	return fmt.Sprintf(form, firingFingerprint, at(time.Minute), summary, resolvedFingerprint, at(time.Hour), at(time.Minute))
}
