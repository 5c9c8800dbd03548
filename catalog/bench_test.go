package catalog

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

// large makes a catalog of 5,000 classes, 500 services and 200 schedules, in a file for each of 200 teams and one for all.
func large() fstest.MapFS {
	const teams, classes, services = 200, 5000, 500
	fsys := files("all.yaml", `version: 1
defaults: {owner: team-0, plan: standard}
plans:
  standard: {policy: standard}
policies:
  standard:
    levels:
      - {page: [owner], wait: 5m}
      - {page: [owner.lead], wait: 10m}
impact:
  - {when: label("env") == "test", impact: low, urgency: low, because: not production}
routes:
  - {id: pci, when: '"pci" in service.tags', also: ["channel:chat:#pci"], continue: true}
`)
	for team := range teams {
		var b strings.Builder
		fmt.Fprintf(&b, "people:\n  ana-%d: {contacts: [slack:@ana, sms:+491500000001]}\n  ben-%[1]d: {contacts: [slack:@ben]}\n", team)
		fmt.Fprintf(&b, "teams:\n  team-%d: {members: [ana-%[1]d, ben-%[1]d], schedule: team-%[1]d, lead: ben-%[1]d}\n", team)
		fmt.Fprintf(&b, "schedules:\n  team-%d: {zone: Europe/Berlin, rotations: [{every: week, start: 2026-01-05 09:00, people: [ana-%[1]d, ben-%[1]d]}]}\n", team)
		b.WriteString("services:\n")
		for i := team; i < services; i += teams {
			fmt.Fprintf(&b, "  service-%d: {owner: team-%d, tier: %d, needs: [service-%d]}\n", i, team, i%3+1, (i+1)%services)
		}
		b.WriteString("classes:\n")
		for i := team; i < classes; i += teams {
			fmt.Fprintf(&b, "  team-%d.condition.c%d: {severity: error, service: service-%d, plan: standard, dedup: [labels.host], runbook: \"https://wiki/%[2]d\"}\n",
				team, i, i%services)
		}
		fsys[fmt.Sprintf("teams/%03d.yaml", team)] = files("x", b.String())["x"]
	}
	return fsys
}

// BenchmarkLoad reports, beside the time, how many megabytes a load allocates and how many the catalog keeps.
func BenchmarkLoad(b *testing.B) {
	fsys := large()
	size := 0
	for _, f := range fsys {
		size += len(f.Data)
	}
	b.SetBytes(int64(size))
	var before, after runtime.MemStats
	var c *Catalog
	runtime.ReadMemStats(&before)
	for b.Loop() {
		var err error
		if c, err = Load(fsys); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	const mega = 1 << 20
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/op")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/mega/float64(b.N), "MB/op")
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := float64(after.HeapAlloc) - float64(before.HeapAlloc)
	b.ReportMetric(kept/mega, "MB-kept")
	if len(c.Classes) != 5000 || len(c.Services) != 500 || len(c.Schedules) != 200 {
		b.Fatalf("%d classes, %d services, %d schedules", len(c.Classes), len(c.Services), len(c.Schedules))
	}
}
