package main

import (
	"fmt"
	"strings"
)

// mix is one set of rules with its events.
type mix struct {
	name   string
	shapes []shape
	dense  bool // few teams and services, so that matches grow with the rules; otherwise an event has a constant number of matches
	keys   int  // additional keys of labels and of data
}

// fullMix is the realistic mix.
var fullMix = &mix{name: "full", shapes: append(native(), opaque()...)}

// mixes are the values of the flag -mix.
var mixes = []*mix{
	fullMix,
	{name: "native", shapes: native()},
	{name: "pairs", shapes: pairs()},
	{name: "dense", shapes: append(native(), opaque()...), dense: true},
	{name: "adversarial", shapes: adversarial()},
	{name: "dimensions", shapes: dimensions(), keys: 500},
	{name: "labels", shapes: labelPairs(1000)},
	{name: "matchers", shapes: append(labelPairs(550), labelTests()...)},
}

// mixList is a flag of names of mixes, separated by commas.
type mixList []*mix

// Set implements flag.Value.
func (l *mixList) Set(text string) error {
	*l = nil
next:
	for name := range strings.SplitSeq(text, ",") {
		for _, m := range mixes {
			if m.name == name {
				*l = append(*l, m)
				continue next
			}
		}
		return fmt.Errorf("%q, expected names out of %s with commas between them", name, mixNames())
	}
	return nil
}

func mixNames() string {
	var names []string
	for _, m := range mixes {
		names = append(names, m.name)
	}
	return strings.Join(names, ",")
}

// native returns the rules of the full mix that an index can use.
func native() []shape {
	return []shape{
		{
			share: 290, cel: `event.type == %q && event.labels["team"] == %q`,
			args: func(w *world) []any { return []any{w.typ(), w.team()} },
		},
		{
			share: 150, cel: `event.labels["team"] == %q && event.severity >= %d && event.labels["env"] == %q`,
			args: func(w *world) []any { return []any{w.team(), w.level(), w.env()} },
		},
		{
			share: 100, cel: `event.source.startsWith("otel/%s/") && event.severity >= %d`,
			expr: `event.source startsWith "otel/%s/" && event.severity >= %d`,
			args: func(w *world) []any { return []any{w.team(), w.level()} },
		},
		{
			share: 100, cel: `event.labels.service == %q && event.type in [%q, %q, %q]`,
			args: func(w *world) []any { return []any{w.service(), w.typ(), w.typ(), w.typ()} },
		},
		{
			share: 80, cel: `has(event.labels.team) && event.labels.team in [%q, %q] && !(event.labels.env == "dev") && event.severity > 3`,
			expr: `"team" in event.labels && event.labels.team in [%q, %q] && !(event.labels.env == "dev") && event.severity > 3`,
			args: func(w *world) []any { return []any{w.team(), w.team()} },
		},
		{
			share: 60, cel: `event.type.startsWith("%s.") && event.data.usage > %.1f && event.labels.service == %q`,
			expr: `event.type startsWith "%s." && event.data.usage > %.1f && event.labels.service == %q`,
			args: func(w *world) []any { return []any{w.family(), w.Float64() * 100, w.service()} },
		},
		{
			share: 60, cel: `has(event.data.http) && event.data.http.status >= 500 && event.labels["service"] == %q`,
			expr: `"http" in event.data && event.data.http.status >= 500 && event.labels["service"] == %q`,
			args: func(w *world) []any { return []any{w.service()} },
		},
		{
			share: 50, cel: `(event.type == %q || event.type == %q) && (event.labels["team"] == %q || event.labels["service"] == %q)`,
			args: func(w *world) []any { return []any{w.typ(), w.typ(), w.team(), w.service()} },
		},
		{
			share: 40, cel: `event.type == %q && event.labels["service"] == %q && event.subject.matches("^host-[0-9]+\\.dc%d\\.")`,
			expr: `event.type == %q && event.labels["service"] == %q && event.subject matches "^host-[0-9]+\\.dc%d\\."`,
			args: func(w *world) []any { return []any{w.typ(), w.service(), w.dc()} },
		},
		{
			share: 30, cel: `service.tags.exists(t, t == %q) && event.severity > 2 && event.labels["team"] == %q`,
			expr: `any(service.tags, # == %q) && event.severity > 2 && event.labels["team"] == %q`,
			args: func(w *world) []any { return []any{w.tag(), w.team()} },
		},
		{
			share: 20, cel: `%q in service.tags && event.labels["region"] == %q && event.labels.service == %q`,
			args: func(w *world) []any { return []any{w.tag(), w.region(), w.service()} },
		},
		{
			share: 15, cel: `event.data.message.contains("timeout") && event.labels["service"] == %q`,
			expr: `event.data.message contains "timeout" && event.labels["service"] == %q`,
			args: func(w *world) []any { return []any{w.service()} },
		},
	}
}

// opaque returns the other rules of the full mix: a loop with a size, and rules without a field to look up.
func opaque() []shape {
	return []shape{
		{
			share: 3, cel: `event.type == %q && service.tags.filter(t, t.startsWith("tag1")).size() > 2`,
			expr: `event.type == %q && len(filter(service.tags, # startsWith "tag1")) > 2`,
			args: func(w *world) []any { return []any{w.typ()} },
		},
		{
			share: 2, cel: `event.labels.exists(k, k.endsWith("-%d") && event.severity > 3)`,
			expr: `any(keys(event.labels), # endsWith "-%d" && event.severity > 3)`,
			args: func(w *world) []any { return []any{w.IntN(20)} },
		},
	}
}

// pairs returns the best case of pure pattern matchers, with their meaning: an absent field does not match.
func pairs() []shape {
	return []shape{{
		share: 1000, cel: `event.type == %q && label("team") == %q`, expr: `event.type == %q && event.labels["team"] == %q`,
		args: func(w *world) []any { return []any{w.typ(), w.team()} },
	}}
}
