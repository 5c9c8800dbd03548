// Package catalog holds what an organisation has decided: who owns what, which classes of events there are, what their
// impact is, and by which plan and policy people respond. It is one value, written in Go or read from YAML by [Load],
// checked as a whole by [Catalog.Validate] and compiled once into a [Compiled], which decides nothing but answers every
// question of the core. [Catalog.Vet] reports what can run and should not, and [Catalog.Document] writes the whole for
// people.
//
// # Format
//
// A catalog in YAML has the sections of [Catalog], in lower case, and in them the fields of its types: group_wait is
// GroupWait. What has a name is a mapping by name, classes too:
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
// Whatever fits one scalar is one: 5m, 1h30m and 7d are durations, 3/10m is a count in a span, slack:@ana a
// contact, channel:#pci a target, 2026-01-05 09:00 a local time in the zone of its schedule. The file catalog.schema.json
// beside this package is the JSON Schema of the format, for editors.
//
// # Errors
//
// Faults come all at once, joined: those of a catalog in YAML each a [*FileError] with file, line and column.
//
// # Concurrency
//
// A [Compiled] is immutable and safe for concurrent use. Nobody changes a [Catalog] after it was compiled.
package catalog
