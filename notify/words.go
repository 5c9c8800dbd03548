package notify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// id ends a title with the id of the incident.
const id = "{{with .Incident}} · {{.}}{{end}}"

// byKind holds the words of messages without an occasion.
func byKind() map[Kind]Template {
	const about = "{{about .}}"
	return map[Kind]Template{
		Page:     {"{{.Priority}} {{.Summary}}", about},
		Notice:   {"{{.Priority}} {{.Summary}}{{with .Note}}: {{.}}{{end}}", about},
		Reminder: {"{{.Priority}} {{.Summary}}: {{.Note}}", about},
		AllClear: {"all clear: {{.Summary}}", "{{.Note}}"},
		Close:    {"over: {{.Summary}}", "{{.Note}}"},
	}
}

// byOccasion holds the words of the occasions.
func byOccasion() map[Occasion]Template {
	const subject = "{{cut 120 .Summary}}{{which .}}"
	return map[Occasion]Template{
		OccasionOpened: {"{{.Priority}} " + subject + id, "{{lines (news .) (asked .) (about .)}}"},
		OccasionLater: {
			"{{.Priority}} {{cut 120 .Summary}}{{if gt .Alerts 1}}, {{.Alerts}} alerts now{{else}}{{which .}}{{end}}" + id,
			"{{lines (news .) (asked .) (about .)}}",
		},
		OccasionAsked: {
			"{{.Priority}}, {{or .Said.By \"somebody\"}} asks for {{if .Person}}you{{else}}help{{end}}: " + subject + id,
			"{{lines (asks .) (news .) (have .) (asked .) (about .)}}",
		},
		OccasionRaised: {
			"{{.Priority}} now{{with .Was}}, was {{.}}{{end}}: {{cut 120 (or .Latest .Summary)}}{{which .}}" + id,
			"{{lines (began .) (had .) (asked .) (about .)}}",
		},
		OccasionBack: {
			"{{.Priority}} again: " + subject + id,
			"{{lines (well .) (news .) (had .) (asked .) (about .)}}",
		},
		OccasionJoined: {
			"{{if eq .Kind \"page\"}}{{.Priority}}, {{end}}{{with .Joined}}{{.}} {{end}}more in {{.Incident}} {{cut 80 .Summary}}" +
				"{{with .Latest}}: {{cut 80 .}}{{end}}{{with .Which}} ({{cut 40 .}}){{end}}",
			"{{lines (counts .) (have .)}}",
		},
		OccasionRecovered: {
			"Recovered{{with clock . .Ended}} at {{.}}{{end}}{{with clock . .Until}}, watched until {{.}}{{end}}: " + subject + id,
			"{{with clock . .Since}}It began at {{.}}.{{end}}",
		},
		OccasionOver: {
			"Over: " + subject + "{{lasted .}}" + id,
			"{{with .Said}}{{if .By}}{{.By}} resolved it{{with .Text}}: \"{{.}}\"{{else}}.{{end}}{{end}}{{end}}",
		},
		OccasionQuiet: {
			"Closed, nothing heard{{with clock . .Ended}} since {{.}}{{end}}: " + subject + id,
			"If it fires again, you are told again.",
		},
		OccasionReminder: {"Still on it? {{.Priority}} " + subject + id, "{{lines (taken .) (ends .)}}"},
		OccasionApproval: {
			"Approve? {{cut 150 .Note}}" + id,
			"{{lines .Summary (asks .) (decide .)}}",
		},
		OccasionYours: {
			"{{.Priority}}, {{cut 150 .Note}}: " + subject + id,
			"{{with .Said.Text}}\"{{.}}\"\n{{end}}{{with clock . .Until}}Until {{.}}.\n{{end}}{{about .}}",
		},
		OccasionFlapping: {
			"{{.Priority}} goes on and off: " + subject + id,
			"{{lines \"It counts as firing until it is steady. You are told then.\" (have .)}}",
		},
		OccasionLoss: {
			"An alert could not be taken in: " + subject,
			"{{lines .Latest \"It does not come again by itself.\"}}",
		},
		OccasionTaken: {
			"{{or .Said.By \"Somebody\"}} has {{.Incident}} " + subject,
			"{{with clock . .Taken}}Since {{.}}. {{end}}You need not answer.",
		},
		OccasionTest: {
			"Test: this is how a page reaches you{{with .Channel}} on {{.}}{{end}}",
			"{{with .Service}}Sent by tocsin, service {{.}}. {{end}}Nothing is wrong.",
		},
	}
}

// phrases are the functions of templates beside those of text/template. Each returns one or more sentences, empty if the message does
// not know enough.
func phrases() template.FuncMap {
	return template.FuncMap{
		"about": about, "asked": asked, "asks": asks, "began": began, "clock": clock, "counts": counts, "decide": decide, "ends": ends,
		"had": had, "have": have, "lasted": lasted, "news": news, "taken": taken, "well": well, "which": which,
		"cut": oneLine, "lines": lines,
	}
}

// oneLine returns the first bytes of a text in one line.
func oneLine(limit int, text string) string {
	return shorten(strings.Join(strings.Fields(text), " "), limit)
}

// lines joins the texts that are not empty.
func lines(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n")
}

// clock returns a time of day, with the date if it is another day than that of the message, and UTC if that is the zone. The zero
// time gives "".
func clock(m *Message, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	layout := "15:04"
	if day := m.At.In(t.Location()); !m.At.IsZero() && (day.YearDay() != t.YearDay() || day.Year() != t.Year()) {
		layout = "2 Jan 15:04"
	}
	if t.Location() == time.UTC {
		layout += " UTC"
	}
	return t.Format(layout)
}

// span returns a duration in words: "40 s", "25 min", "2 h 10 min", "3 days".
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < 48*time.Hour:
		text := strconv.Itoa(int(d.Hours())) + " h"
		if rest := int(d.Minutes()) % 60; rest > 0 {
			text += fmt.Sprintf(" %d min", rest)
		}
		return text
	}
	return plural(int(d.Hours()/24), "day")
}

// about says whose incident it is.
func about(m *Message) string {
	var list []string
	for _, field := range [...]struct{ name, value string }{{"service", m.Service}, {"owner", m.Owner}, {"incident", m.Incident}} {
		if field.value != "" && (field.name != "incident" || m.Occasion == "") { // the titles of occasions name the incident
			list = append(list, field.name+" "+field.value)
		}
	}
	return strings.Join(list, ", ")
}

// which says in brackets which alert it is, and how many there are beside it.
func which(m *Message) string {
	more := m.Alerts - 1
	if m.Occasion != OccasionOpened && m.Occasion != OccasionBack {
		more = 0
	}
	switch {
	case m.Which != "" && more > 0:
		return fmt.Sprintf(" (%s and %d more)", shorten(m.Which, 60), more)
	case m.Which != "":
		return " (" + shorten(m.Which, 60) + ")"
	case more > 0:
		return ", " + plural(m.Alerts, "alert")
	}
	return ""
}

const maxLatest = 400 // bytes of the newest text in a message

// news says since when, and the newest text: "Since 03:12: 95 of 100 requests fail".
func news(m *Message) string {
	latest := oneLine(maxLatest, m.Latest)
	if m.Latest == m.Summary {
		latest = ""
	}
	since := clock(m, m.Since)
	switch {
	case since == "":
	case latest == "":
		latest = "Since " + since + "."
	default:
		latest = "Since " + since + ": " + latest
	}
	if m.Occasion == OccasionLater && m.Repeats > 0 {
		return lines(latest, counts(m))
	}
	return latest
}

// counts says how many alerts fire, and how often they came again: "40 alerts since 03:12, repeated 120 times."
func counts(m *Message) string {
	if m.Alerts == 0 {
		return ""
	}
	text := plural(m.Alerts, "alert")
	if since := clock(m, m.Since); since != "" && m.Occasion != OccasionLater { // news says it there
		text += " since " + since
	}
	if m.Repeats > 0 {
		text += ", repeated " + plural(m.Repeats, "time")
	}
	return text + "."
}

// began says as what the incident opened, if it has another name now.
func began(m *Message) string {
	if m.Began == "" {
		return news(m)
	}
	text := `Began as "` + m.Began + `"`
	if since := clock(m, m.Since); since != "" {
		text += " at " + since
	}
	return text + "."
}

// lasted says from when to when it was.
func lasted(m *Message) string {
	since, ended := clock(m, m.Since), clock(m, m.Ended)
	switch {
	case ended == "":
		return ""
	case since == "":
		return ", ended at " + ended
	}
	return ", " + since + " to " + ended
}

// well says for how long nothing fired.
func well(m *Message) string {
	if m.Ended.IsZero() || !m.At.After(m.Ended) {
		return ""
	}
	return "It was well for " + span(m.At.Sub(m.Ended)) + "."
}

// had says who had the incident before, and is asked with this person.
func had(m *Message) string {
	if len(m.Holders) == 0 {
		return ""
	}
	said := join(yours(m)) + " had it before"
	if now := askedNow(m); len(now) > 0 && !slices.ContainsFunc(m.Holders, func(who string) bool { return !slices.Contains(now, who) }) {
		said += ", and " + be(now) + " asked too"
	}
	return said + "."
}

// have says who has the incident.
func have(m *Message) string {
	switch {
	case len(m.Holders) == 0:
		return ""
	case m.Person != "" && slices.Contains(m.Holders, m.Person):
		if m.Occasion == OccasionAsked {
			return join(yours(m)) + " have it."
		}
		return join(yours(m)) + " have it, and nobody else is told."
	case len(m.Holders) == 1:
		return m.Holders[0] + " has it."
	}
	return join(m.Holders) + " have it."
}

// yours returns the holders with "You" in front instead of that of the person.
func yours(m *Message) []string {
	if m.Person == "" || !slices.Contains(m.Holders, m.Person) {
		return m.Holders
	}
	return append([]string{"You"}, slices.DeleteFunc(slices.Clone(m.Holders), func(who string) bool { return who == m.Person })...)
}

// be returns the verb for these people.
func be(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}

// askedNow returns who is asked together with this person.
func askedNow(m *Message) (names []string) {
	for _, a := range m.Asked {
		if !a.At.Before(m.At) && a.Who != m.Person {
			names = append(names, a.Who)
		}
	}
	return names
}

// asked says who was asked before, who is asked now, and who is asked next.
func asked(m *Message) string {
	now := askedNow(m)
	if strings.HasSuffix(had(m), " asked too.") {
		now = slices.DeleteFunc(now, func(who string) bool { return slices.Contains(m.Holders, who) })
	}
	too := ""
	if len(now) > 0 {
		too = join(now) + " " + be(now) + " asked too."
	}
	return lines(unanswered(m), too, next(m))
}

// unanswered says who was asked before, and when: "Nobody has answered: you were asked at 03:12 and 03:27, ben at 03:19."
func unanswered(m *Message) string {
	if m.Occasion != OccasionOpened && m.Occasion != OccasionLater {
		return ""
	}
	var names []string
	times := make(map[string][]string)
	for _, a := range m.Asked {
		if !a.At.Before(m.At) {
			continue
		}
		if !slices.Contains(names, a.Who) {
			names = append(names, a.Who)
		}
		if at := clock(m, a.At); at != "" {
			times[a.Who] = append(times[a.Who], at)
		}
	}
	var said []string
	for i, who := range names {
		verb := ""
		if i == 0 {
			verb = " was asked"
		}
		at := ""
		if len(times[who]) > 0 {
			at = " at " + join(times[who])
		}
		if who == m.Person {
			who, verb = "you", strings.Replace(verb, "was", "were", 1)
		}
		said = append(said, who+verb+at)
	}
	if len(said) == 0 {
		return ""
	}
	return "Nobody has answered: " + strings.Join(said, ", ") + "."
}

// next says who is asked next.
func next(m *Message) string {
	if len(m.Next) == 0 {
		return ""
	}
	when := clock(m, m.NextAt)
	if when != "" {
		when = " at " + when
	}
	if len(m.Asked) == 0 && m.Person != "" && m.Occasion == OccasionOpened {
		return "You are first; " + join(m.Next) + " " + be(m.Next) + " asked" + when + "."
	}
	return "Next: " + join(m.Next) + when + "."
}

// taken says for how long the person has had the incident.
func taken(m *Message) string {
	if m.Taken.IsZero() || !m.At.After(m.Taken) {
		return m.Note
	}
	return "You have had it for " + span(m.At.Sub(m.Taken)) + "."
}

// ends says what happens when the acknowledgement ends, and how to keep it.
func ends(m *Message) string {
	end := clock(m, m.Until)
	switch {
	case end == "":
		return ""
	case len(m.Next) > 0:
		return "At " + end + " " + join(m.Next) + " " + be(m.Next) + " asked, unless you write a note."
	}
	return "At " + end + " your acknowledgement ends, unless you write a note."
}

// asks says who asks for an approval.
func asks(m *Message) string {
	if m.Said.By == "" {
		return ""
	}
	if m.Said.Text == "" {
		return m.Said.By + " asks."
	}
	return m.Said.By + ` asks: "` + m.Said.Text + `"`
}

// decide says until when a decision is due, and who decides after.
func decide(m *Message) string {
	by := clock(m, m.Until)
	switch {
	case by == "":
		return ""
	case len(m.Next) > 0:
		return "Decide by " + by + "; then " + join(m.Next) + " " + be(m.Next) + " asked."
	}
	return "Decide by " + by + "."
}
