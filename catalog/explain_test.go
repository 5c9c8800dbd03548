package catalog

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/event"
)

func TestExplainRouteSaysWhyEachRuleFailed(t *testing.T) {
	c := whole()
	c.Routes = []Route{
		{ID: "night", When: `label("env") == "night" && event.severity >= error`, Plan: "quick"},
		{ID: "status", When: "event.type == 'stranger' && event.data.`http.status` >= 500", Plan: "quick"},
		{ID: "shards", When: `event.data.shard % 2 == 1`, Plan: "quick"},
		{ID: "rest", When: "true", Plan: "quick"},
		{ID: "behind", When: "true", Plan: "quick"},
	}
	cat := compiled(t, c)
	e := &event.Event{Type: "stranger", Labels: map[string]string{"env": "test"}, Data: map[string]any{"http.status": 200, "shard": 7}}
	class, _ := cat.Class(e.Type)
	var got []string
	for s := range cat.ExplainRoute(e, class) {
		got = append(got, fmt.Sprintf("%s: %s: %s", s.Rule, s.Outcome, s.Detail))
	}
	assert.Equal(t, []string{
		`night: failed: label("env") == "night" (label("env") is "test")`,
		"status: failed: event.data.`http.status` >= 500 (event.data.`http.status` is 200)",
		"shards: erred: no such overload: _%_; a number in data is a double, so event.data.shard % 2 fails: write int(event.data.shard) % 2",
		"rest: matched: ",
		"behind: not reached: ",
	}, got)
}
