// Package catalog holds the decisions of an organisation about its events: who owns what, which classes of events there are,
// what their impact is, and by which plan and policy people respond. A [Catalog] is one value, written in Go or read from YAML
// by [Load]. [Catalog.Compile] checks it as a whole and makes a [Compiled], which answers every question of the engine.
// [Catalog.Vet] reports what can run and should not, and [Catalog.Document] writes the catalog for people.
//
// # Format
//
// A catalog in YAML has the fields of [Catalog] as sections, in lower case. Fields of types are written in lower case with
// underscores: group_wait is GroupWait. Everything that has a name stands in a mapping by name, classes too:
//
//	version: 1
//	defaults: {owner: platform, plan: standard}
//	people:   {ana: {contacts: [slack:@ana, sms:+491500000001]}}
//	teams:    {platform: {members: [ana], lead: ana}}
//	services: {checkout: {owner: platform, tier: 1}}
//	classes:  {shop.payout.stuck: {service: checkout, severity: critical, runbook: "https://wiki/payout"}}
//	plans:    {standard: {policy: levels}}
//	policies: {levels: {levels: [{page: [owner], wait: 5m}, {page: [owner.lead]}]}}
//
// Short values are one text: 5m, 1h30m and 7d are durations, 3/10m is three in ten minutes, slack:@ana is a contact,
// channel:#pci is a target, and 2026-01-05 09:00 is a local time in the zone of its schedule. The file catalog.schema.json
// beside this package is the JSON Schema of the format, for editors.
//
// # Errors
//
// An error joins all faults at once. A fault of a catalog in YAML is a [*FileError] with file, line and column.
//
// # Concurrency
//
// A [Compiled] is immutable and safe for concurrent use. Do not change a [Catalog] after compiling it: the Compiled reads it.
package catalog
