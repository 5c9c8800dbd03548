package route

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
)

func TestFunctionsOnTexts(t *testing.T) {
	conditions := []string{
		`event.subject.lowerAscii() == "web-01.dc1.example.net"`,
		`event.subject.lowerAscii().startsWith("web") && event.type == "a"`,
		`event.subject.split(".")[1] == "DC1"`,
		`event.subject.replace("-", "") == "Web01.DC1.example.net"`,
		`event.subject.replace("e", "E", 1) == "WEb-01.DC1.example.net"`,
		`event.subject.substring(0, 3) == "Web" && event.subject.charAt(3) == "-"`,
		`event.subject.indexOf(".") == 6 && event.subject.lastIndexOf(".") == 18`,
		`["a", event.subject.trim()].join("/") == "a/Web-01.DC1.example.net"`,
		`"%s has %d".format([event.type, event.severity]) == "a has 0"`,
		`strings.quote(event.type) == "\"a\"" && event.type.reverse() == "a"`,
		`label("list").split(",").exists(v, v.upperAscii() == "B")`,
		`json(event.data.body).order.id == 4711`,
		`json(event.data.body).order.id + 1.0 == 4712.0`,
		`has(json(event.data.body).order) && !has(json(event.data.body).none)`,
		`json(event.data.body).list.exists(v, v == 2.5)`,
		`json("[1, null, true]")[2] && json(" {} ") == {}`,
		`type(json(event.data.body).order.id) == double`,
	}
	rules := make([]Rule[int], len(conditions))
	for i, when := range conditions {
		rules[i] = Rule[int]{ID: when, When: when}
	}
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	f := &Facts{Event: &event.Event{
		Type: "a", Subject: "Web-01.DC1.example.net", Labels: map[string]string{"list": "a,b"},
		Data: map[string]any{"body": `{"order": {"id": 4711}, "list": [1, 2.5]}`},
	}}
	got := results(table, f)
	for _, when := range conditions {
		assert.Equal(t, isTrue, got[when], when)
	}
	got = results(table, &Facts{Event: &event.Event{Type: "a", Labels: map[string]string{"list": "c"}, Data: map[string]any{"body": "["}}})
	for _, when := range conditions {
		if strings.Contains(when, "event.subject") || strings.Contains(when, "event.data") || strings.Contains(when, "list") {
			assert.NotEqual(t, isTrue, got[when], "%s for another event", when)
		}
	}
}

func TestJSONIsBounded(t *testing.T) {
	table, err := Compile([]Rule[int]{{ID: "r", When: `json(event.summary) != 0`}}, nil)
	require.NoError(t, err)
	for _, tt := range []struct{ name, text, fault string }{
		{"no JSON", "{", "json: unexpected EOF"},
		{"nothing", "", "json: an empty text"},
		{"a second value", "1 2", "json: more text after the value"},
		{"deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "json: nested deeper than 32"},
		{"large", "[" + strings.Repeat("0,", 10_000) + "0]", "json: larger than 65536 bytes"},
		{"a number out of range", "[1e400]", "json: 1e400 is out of range"},
		{"within the bounds", strings.Repeat("[", 20) + `"` + strings.Repeat("x", 3000) + `"` + strings.Repeat("]", 20), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := table.All(&Facts{Event: &event.Event{Type: "a", Summary: tt.text}})
			if tt.fault == "" {
				assert.Equal(t, 1, res.MatchCount())
				return
			}
			require.Equal(t, 1, res.ErrorCount())
			for _, err := range res.Errors() {
				assert.ErrorContains(t, err, tt.fault)
			}
		})
	}
}

// TestTextsAreBounded holds functions to the limits before they run: each of these would take gigabytes or minutes.
func TestTextsAreBounded(t *testing.T) {
	large := strings.Repeat("x", 60_000)
	f := &Facts{Event: &event.Event{Type: "a", Data: map[string]any{"text": large, "half": strings.Repeat("x", 30_000) + "y"}}}
	for _, tt := range []struct{ name, when, limit string }{
		{"replace", `event.data.text.replace("", event.data.text) == ""`, "limit Memory"},
		{"replace of each letter", `event.data.text.replace("x", event.data.text) == ""`, "limit Memory"},
		{"replace in a chain", `event.type` + strings.Repeat(`.replace("", "aaaaaaaaaaaaaaaa")`, 30) + ` == ""`, "limit"},
		{"join", `event.data.text.split("").join(event.data.text) == ""`, "limit"},
		{"join of a list", `["` + strings.Repeat(`a","`, 500) + `"].join(event.data.text) == ""`, "limit Memory"},
		{"indexOf", `event.data.text.indexOf(event.data.half) > 0`, "limit"},
		{"lastIndexOf", `event.data.text.lastIndexOf(event.data.half) > 0`, "limit"},
		{"format", `"` + strings.Repeat("%s", 200) + `".format([` + strings.Repeat("event.data.text, ", 199) + `event.data.text]) == ""`, "limit"},
		{"in a loop", `[1, 2, 3].exists(i, event.data.text.replace("x", event.data.text) == "")`, "limit Memory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, err := Compile([]Rule[int]{{ID: "r", When: tt.when}}, nil)
			require.NoError(t, err)
			res := table.All(f)
			require.Equal(t, 1, res.ErrorCount())
			for _, err := range res.Errors() {
				assert.ErrorContains(t, err, tt.limit)
			}
		})
	}
}

func TestTheBoundsAreNotTooTight(t *testing.T) {
	table, err := Compile([]Rule[int]{{ID: "r", When: `event.data.text.replace("x", event.data.text, 1).size() == 39999`}}, nil)
	require.NoError(t, err)
	res := table.All(&Facts{Event: &event.Event{Type: "a", Data: map[string]any{"text": strings.Repeat("x", 20_000)}}})
	assert.Equal(t, 1, res.MatchCount())
	_, err = Compile([]Rule[int]{{ID: "r", When: `"%.1000000f".format([1.5]) == ""`}}, nil)
	assert.ErrorContains(t, err, "precision 1000000 exceeds maximum allowed precision 100")
}

func TestMappingsHaveTheFunctionsOnTexts(t *testing.T) {
	compiled, err := CompileExprs(map[string]string{
		"subject": `body.host.lowerAscii().split(".")[0]`, "id": `json(body.inner).id`, "bad": `json(body.host)`,
		"large": `body.host.replace("", body.large).replace("", body.large)`,
	}, []string{"body"}, nil)
	require.NoError(t, err)
	body := map[string]any{"host": "Web-1.example.net", "inner": `{"id": 7}`, "large": strings.Repeat("x", 60_000)}
	for name, want := range map[string]any{"subject": "web-1", "id": int64(7)} {
		got, _, err := compiled[name].Eval(map[string]any{"body": body})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, _, err = compiled["bad"].Eval(map[string]any{"body": body})
	assert.ErrorContains(t, err, "json: invalid character")
	_, _, err = compiled["large"].Eval(map[string]any{"body": body})
	assert.ErrorContains(t, err, "limit")
}
