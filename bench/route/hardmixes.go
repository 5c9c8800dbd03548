package main

import "regexp"

// adversarial returns rules without equalities, nearly all with their own constants, so that an index has nothing to look
// up and no two rules share a test. The constants are drawn so that an event has few matches at any number of rules, as
// in the full mix; otherwise the time would depend on the number of results.
func adversarial() []shape {
	const domain = 10_000 // of duration_ms; ranges begin at thousandths of it
	return []shape{
		{
			share: 250, cel: `event.data.duration_ms >= %.3f && event.data.duration_ms < %.3f`,
			args: func(w *world) []any {
				from := w.Float64() * domain
				return []any{from, from + 4*domain/float64(w.hosts)}
			},
		},
		{
			share: 150, cel: `event.data.usage > %.6f`,
			args: func(w *world) []any { return []any{100 - w.Float64()*800/float64(w.hosts)} },
		},
		{
			share: 200, cel: `event.subject.endsWith(%q)`, expr: `event.subject endsWith %q`,
			args: func(w *world) []any { return []any{hostName(w.host())[len("host"):]} },
		},
		{
			share: 200, cel: `event.data.message.contains(%q)`, expr: `event.data.message contains %q`,
			args: func(w *world) []any { return []any{shardName(w.host())} },
		},
		{
			share: 50, cel: `event.subject.matches(%q)`, expr: `event.subject matches %q`,
			args: func(w *world) []any { return []any{"^" + hostName(w.host())[:len("host-0000")] + `[0-9]\.dc[1-3]\.`} },
		},
		{
			share: 50, cel: `event.data.message.matches(%q)`, expr: `event.data.message matches %q`,
			args: func(w *world) []any {
				return []any{regexp.QuoteMeta(shardName(w.host())) + ` (met a timeout|was re[a-z]+) after [2-5]`}
			},
		},
		{
			share: 100, cel: `event.type != %q && !(event.labels["region"] == %q) && event.data.usage <= %.6f`,
			args: func(w *world) []any { return []any{w.typ(), w.region(), w.Float64() * 800 / float64(w.hosts)} },
		},
	}
}

// dimensions returns rules on a thousand different fields of an event.
func dimensions() []shape {
	return []shape{
		{
			share: 500, cel: `label(%[1]q) == %[2]q && event.severity >= %[3]d`,
			expr: `event.labels[%[1]q] == %[2]q && event.severity >= %[3]d`,
			args: func(w *world) []any { return []any{w.key(), w.value(), w.level()} },
		},
		{
			share: 500, cel: `has(event.data.%[1]s) && event.data.%[1]s == %[2]q && event.severity >= %[3]d`,
			expr: `event.data.%[1]s == %[2]q && event.severity >= %[3]d`,
			args: func(w *world) []any { return []any{w.key(), w.value(), w.level()} },
		},
	}
}

// labelPairs returns the most common form of Alertmanager's routes: two labels that equal a value.
func labelPairs(share int) []shape {
	return []shape{{
		share: share, cel: `label("service") == %q && label("env") == %q`,
		expr:     `event.labels["service"] == %q && event.labels["env"] == %q`,
		matchers: `{service=%q,env=%q}`,
		args:     func(w *world) []any { return []any{w.service(), w.env()} },
	}}
}

// labelTests returns rules with Alertmanager's three other operators.
func labelTests() []shape {
	return []shape{
		{
			share: 150, cel: `label("team") != %q && label("service") == %q`,
			expr:     `event.labels["team"] != %q && event.labels["service"] == %q`,
			matchers: `{team!=%q,service=%q}`,
			args:     func(w *world) []any { return []any{w.team(), w.service()} },
		},
		{
			share: 150, cel: `label("cluster").matches("^(?:cluster-%d[0-9])$") && label("service") == %q`,
			expr:     `event.labels["cluster"] matches "^(?:cluster-%d[0-9])$" && event.labels["service"] == %q`,
			matchers: `{cluster=~"cluster-%d[0-9]",service=%q}`,
			args:     func(w *world) []any { return []any{w.IntN(4), w.service()} },
		},
		{
			share: 150, cel: `!label("namespace").matches("^(?:ns-%d.)$") && label("service") == %q`,
			expr:     `!(event.labels["namespace"] matches "^(?:ns-%d.)$") && event.labels["service"] == %q`,
			matchers: `{namespace!~"ns-%d.",service=%q}`,
			args:     func(w *world) []any { return []any{w.IntN(2), w.service()} },
		},
	}
}
