package route_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
)

// FuzzImportEventPattern checks that a pattern is refused or becomes a rule, and that the rule fails for no event.
func FuzzImportEventPattern(f *testing.F) {
	names, err := filepath.Glob("testdata/pattern/*.txt")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds: ", err)
	}
	for _, name := range names {
		pattern := ""
		for _, line := range lines(f, name) {
			switch verb, rest, _ := strings.Cut(line, " "); verb {
			case "pattern":
				pattern = strings.TrimSpace(rest)
			case "match", "no":
				f.Add([]byte(pattern), []byte(rest))
			case "refused":
				f.Add([]byte(strings.Split(rest, " => ")[0]), []byte(`{}`))
			}
		}
	}
	f.Fuzz(func(t *testing.T, pattern, data []byte) {
		when, err := route.ImportEventPattern(pattern)
		if err != nil {
			return
		}
		table, err := route.Compile([]route.Rule[int]{{ID: "imported", When: when}}, nil)
		if err != nil {
			t.Fatalf("%s\n%v", when, err)
		}
		e := &event.Event{Source: string(data[:min(len(data), 20)])}
		if err := json.Unmarshal(data, &e.Data); err != nil {
			e.Data = nil
		}
		result := table.All(&route.Facts{Event: e})
		for _, err := range result.Errors() {
			t.Errorf("%s\n%v", when, err)
		}
	})
}
