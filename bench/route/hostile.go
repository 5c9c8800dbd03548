package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
)

// threat is a rule that would be expensive without limits.
type threat struct {
	name  string
	when  string
	legal bool // within all limits: it must be cheap, and gets an answer
}

func threats() []threat {
	return []threat{
		{name: "three nested loops over 150", when: `event.data.list.all(a, event.data.list.all(b, event.data.list.all(c, a + b + c >= 0.0)))`},
		{name: "string of the data doubled 22 times", when: doubled("event.data.msg", 22)},
		{name: "string of the data doubled 18 times", when: doubled("event.data.msg", 18)},
		{name: "string doubled 18 times", when: doubled("event.summary", 18)},
		{name: "regexp of 1,000 optional letters", when: `event.data.msg.matches("(a?){1000}b")`},
		{name: "regexp of nested repetitions", when: `event.data.msg.matches("(.{1,30}){1,30}z")`},
		{name: "the same regexp, from the data", when: `event.data.msg.matches(event.data.pattern)`},
		{name: "regexp on 64 KB", when: `event.data.long.matches("a+b")`},
		{name: "98 KB of conditions", when: strings.TrimSuffix(strings.Repeat(`event.type == "aaaaaaaa" || `, 3500), " || ")},
		{name: "90 KB of list", when: `event.type in [` + strings.Repeat(`"aaaaaaaa", `, 7500) + `"b"]`},
		{name: "2^20 combinations", when: combinations(20), legal: true},
		{name: "three lists of eight", when: inEight("type") + " && " + inEight("subject") + " && " + inEight("source"), legal: true},
	}
}

// doubled doubles a string the given number of times.
func doubled(of string, times int) string {
	return "[" + of + "]" + strings.Repeat(".map(x, x + x)", times) + ".size() > 1"
}

func combinations(n int) string {
	either := make([]string, n)
	for i := range either {
		either[i] = fmt.Sprintf(`(event.type == "a%d" || event.source == "b%d")`, i, i)
	}
	return strings.Join(either, " && ")
}

func inEight(field string) string {
	return "event." + field + ` in ["a", "b", "c", "d", "e", "f", "g", "h"]`
}

// victim returns an event that makes the rules as expensive as possible.
func victim() *route.Facts {
	list := make([]any, 150)
	for i := range list {
		list[i] = float64(i)
	}
	kilobyte := strings.Repeat("a", 1024)
	return &route.Facts{Event: &event.Event{Type: "h", Source: "h", Subject: "h", Summary: kilobyte, Data: map[string]any{
		"list": list, "msg": kilobyte, "long": strings.Repeat(kilobyte, 64), "pattern": "(.{1,30}){1,30}z",
	}}}
}

// harm is the result of a threat.
type harm struct {
	Rule      string  `json:"rule"`
	Outcome   string  `json:"outcome"` // refused, erred or answered
	Detail    string  `json:"detail"`
	CompileMs float64 `json:"compile_ms"`
	MatchMs   float64 `json:"match_ms"`
	MB        float64 `json:"mb"` // allocated by compiling and matching, freed or not
}

// hostile compiles each threat and matches it once.
func (p *plan) hostile() error {
	to, people := json.NewEncoder(p.out), tabwriter.NewWriter(p.log, 0, 0, 2, ' ', 0)
	fmt.Fprintln(people, "rule\toutcome\tms (≤ 50)\tMB (≤ 16)")
	for _, t := range threats() {
		h := t.suffer()
		if err := to.Encode(h); err != nil {
			return err
		}
		fmt.Fprintf(people, "%s\t%s\t%.2f\t%.2f\n", h.Rule, h.Outcome, h.CompileMs+h.MatchMs, h.MB)
	}
	return people.Flush()
}

func (t *threat) suffer() harm {
	h := harm{Rule: t.name}
	var table *route.Table[int]
	var err error
	compileMB := burden(&h.CompileMs, func() {
		table, err = route.Compile([]route.Rule[int]{{ID: "hostile", When: t.when}}, nil)
	})
	if err != nil {
		h.Outcome, h.Detail, h.MB = "refused", firstLine(err), round(compileMB)
		return h
	}
	facts := victim()
	var res route.Result[int]
	h.MB = round(compileMB + burden(&h.MatchMs, func() { res = table.All(facts) }))
	h.Outcome, h.Detail = "answered", fmt.Sprint(res.MatchCount() == 1)
	for _, err := range res.Errors() {
		h.Outcome, h.Detail = "erred", firstLine(err)
	}
	return h
}

// burden measures do, and returns the megabytes that it allocated.
func burden(ms *float64, do func()) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	do()
	*ms = millis(time.Since(began))
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return event.Shorten(line, 160)
}
