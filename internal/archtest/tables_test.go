package archtest

import (
	"path"
	"slices"
	"strings"
)

// ourModule is the module path of the core; the path of every other module of ours begins with it.
const ourModule = "github.com/tocsin-dev/tocsin"

// The layers that rules speak of by name. A package imports from lower layers only.
const (
	unplaced  = -1
	pureLayer = 3 // the highest layer that reads no clock and does no I/O: the core
	above     = 7 // programs, benchmarks and tests against others: they import whatever they need
)

// endedPhases are the phases in which an incident is over.
var endedPhases = []string{"Resolved", "Closed", "Declined", "Cancelled"}

// core is the package that decides; it is made of parts.
const core = "internal/core"

// layers places every package of ours, by its path beneath the module; the first pattern that fits counts. "*" stands for
// one path element, "/..." for a package and all beneath it.
var layers = []struct {
	pattern string
	layer   int
}{
	{"severity", 0},
	{"event", 0},
	{"store", 0},
	{"internal/mark", 0},
	{"internal/window", 0},
	{"internal/habit", 0},
	{"internal/redact", 0},
	{"internal/line", 0},
	{"internal/line/linetest", 0},
	{"internal/acklink", 0},

	{"route", 1},
	{"incident", 1},
	{"escalate", 1},
	{"escalate/oncall", 1},
	{"comms", 1},
	{"notify", 1},
	{"automate", 1},
	{"review", 1},
	{"internal/machine/*", 1},
	{"internal/cadencetest", 2},
	{"internal/oddtest", 1},

	{"catalog", 2},
	{"respond", 2},

	{"internal/core", 3},

	{"store/*", 4}, // the stores, store/storetest and store/codec
	{"store/postgres/postgrestest", 4},
	{"notify/slackapp", 6}, // it sends, and takes answers for an engine
	{"notify/*", 4},
	{"automate/*", 4},
	{"internal/outbound", 4},
	{"internal/outbox", 4},
	{"internal/fault", 0},
	{"internal/meters", 4},
	{"internal/spans", 4},
	{"internal/telemetry", 4},

	{".", 5},
	{"sim", 5},

	{"intake", 6},
	{"status", 6},
	{"tocsintest", 6},

	{"internal/archtest", above},
	{"aws/...", above},
	{"bench/...", above},
	{"cmd/...", above},
	{"examples/...", above},
	{"ical/...", above},
	{"integration/...", above},
	{"tools/...", above},
}

// sideways lists the only imports inside one layer.
var sideways = []struct{ from, to, reason string }{
	{"event", "severity", "an event carries its severity"},
	{"...", "route", "route.Table is the one rule mechanism"},
	{"...", "internal/fault", "whatever checks itself says where a fault is"},
	{"event", "internal/redact", "an event takes out its secrets"},
	{"event", "internal/line", "a refusal quotes the event on one line"},
	{"internal/line", "internal/redact", "a record of a log is one line without secrets"},
	{"notify/*", "internal/outbound", "the one HTTP client of notifiers"},
	{"automate/*", "internal/outbound", "the same client, for actions"},
	{"internal/outbox", "internal/spans", "a try is a span"},
	{"internal/telemetry", "internal/spans", "a decision is a span"},
	{"escalate/oncall", "escalate", "it implements the port escalate.Schedule"},
	{"internal/machine/escalation", "escalate", "it runs an escalate.Policy"},
	{"internal/machine/run", "automate", "it runs an automate.Runbook"},
	{"internal/machine/run", "incident", "a person ends a run, and says why"},
	{"internal/machine/phase", "incident", "it moves an incident through incident.Phase"},
	{"incident", "escalate", "people read who is asked, and who has the incident"},
	{"incident", "automate", "people read how far a runbook is"},
	{"incident", "comms", "people read what customers are told"},
	{"store/*", "store/codec", "a store asks it what it needs of the records"},
	{"store/storetest", "store/codec", "the suite stores such records"},
	{"tocsintest", "intake", "a test sends a body to the intake of production"},
	{"status", "intake", "people ask what would come of a body"},
}

// internalUsers may import an internal package of another module of ours, and so may the tests of internalTestUsers. None of
// them is released, so none is ever built against another version of that package.
var (
	internalUsers     = []string{"bench/...", "integration/..."}
	internalTestUsers = []string{"examples/..."}
)

// thirdParty lists the foreign packages that the core may import outside tests, and from where: a layer ("L4") or a
// package. cel may be imported from anywhere as far as this table goes, the rule engine-only-route speaks of it.
var thirdParty = []struct {
	pattern string
	places  []string
}{
	{"cel.dev/cel-go/...", []string{"..."}},
	{"go.opentelemetry.io/otel", []string{"L4", "L5", "L6"}},
	{"go.opentelemetry.io/otel/attribute", []string{"L4", "L5", "L6"}},
	{"go.opentelemetry.io/otel/codes", []string{"L4", "L5", "L6"}},
	{"go.opentelemetry.io/otel/metric/...", []string{"L4", "L5", "L6"}},
	{"go.opentelemetry.io/otel/propagation", []string{"L4", "L5", "L6"}},
	{"go.opentelemetry.io/otel/trace/...", []string{"L4", "L5", "L6"}},
	{"github.com/cenkalti/backoff/v4", []string{"internal/outbox"}},
	{"github.com/google/uuid", []string{".", "L4"}},
	{"github.com/sony/gobreaker/v2", []string{"internal/outbox"}},
	{"go.yaml.in/yaml/v3", []string{"catalog"}},
	{"golang.org/x/time/rate", []string{"internal/outbox", "intake"}},
}

// testLibraries may be imported by _test.go files only.
var testLibraries = []string{
	"github.com/stretchr/testify/...",
	"go.uber.org/goleak/...",
	"pgregory.net/rapid/...",
}

// impureImports are refused in the pure layers, except for pureImports.
var (
	impureImports = []string{"net/...", "os/...", "crypto/rand"}
	pureImports   = []string{"net/url", "net/netip"}
)

// impureNames are the names of pure-looking packages that read a clock, start a timer or read the disk.
var impureNames = map[string][]string{
	"time": {
		"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep", "LoadLocation",
	},
	"context": {"AfterFunc", "WithDeadline", "WithDeadlineCause", "WithTimeout", "WithTimeoutCause"},
}

// impureExceptions lists uses of impureNames that are wanted.
var impureExceptions = []struct{ pkg, name, reason string }{
	{"catalog", "time.LoadLocation", "the default of Catalog.Zones"},
}

// tableFiles are the files of core that name functions of the parts: the tables of record kinds and of commands.
var tableFiles = []string{"kinds.go", "commands.go"}

// unparsed are the packages that take no text apart.
var unparsed = []string{".", core, "internal/machine/...", "internal/telemetry"}

// takingApart lists the functions that take text apart, by the beginnings of their names. Regular expressions are refused by
// the rule engine-only-route.
var takingApart = map[string][]string{
	"strings": {"Cut", "Split", "Fields", "Index", "LastIndex", "TrimPrefix", "TrimSuffix"},
	"bytes":   {"Cut", "Split", "Fields", "Index", "LastIndex", "TrimPrefix", "TrimSuffix"},
	"fmt":     {"Sscan", "Fscan"},
}

// textForms lists the functions that may take text apart all the same, each as "file: function", with the text that it reads.
// A person has written that text; what a program has formatted is kept as a field instead.
var textForms = []struct{ place, text string }{
	{"subscribers.go: masked", "an address that a person wrote"},
	{"internal/core/erasewords.go: withoutWord", "any text that a person or a sender wrote, in which a word is looked for"},
	{"internal/core/findings.go: oneLine", "outputs of actions and errors of the catalog's own code, put on one line"},
	{"internal/machine/run/advance.go: fill", "$path in an argument of a step, as the runbook has it"},
}

// exportedBounds says how many exported types and functions a package may have. Commands are not counted.
var exportedBounds = map[string]int{"respond": 10, "incident": 32, "escalate": 25, "automate": 25}

// maxFragments is the number of assertions on a piece of text that the tests of tocsintest may have.
const maxFragments = 10

// seededRand are the names of math/rand and math/rand/v2 that do not draw from the global source.
var seededRand = []string{
	"New", "NewChaCha8", "NewPCG", "NewSource", "NewZipf", "ChaCha8", "PCG", "Rand", "Source", "Source64", "Zipf",
}

// layerOf returns the layer of the package at rel, or unplaced.
func layerOf(rel string) int {
	for _, l := range layers {
		if match(l.pattern, rel) {
			return l.layer
		}
	}
	return unplaced
}

// isTestPackage tells the conformance suites and helpers for tests from the packages that run in production.
func isTestPackage(rel string) bool {
	return strings.HasSuffix(rel, "test") && rel != "internal/archtest"
}

// isInternal says whether Go keeps the package at rel from importers outside its tree.
func isInternal(rel string) bool {
	return slices.Contains(strings.Split(rel, "/"), "internal")
}

// match says whether name fits pattern, whose last element may be "..." for everything beneath.
func match(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if stem, deep := strings.CutSuffix(pattern, "/..."); deep {
		return name == stem || strings.HasPrefix(name, stem+"/")
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// matchAny says whether name fits one of the patterns.
func matchAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if match(pattern, name) {
			return true
		}
	}
	return false
}
