package status

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
)

const (
	ledgerDays = 7      // that the page shows unless it is asked for others
	ledgerRows = 500    // lines of one page
	ledgerFile = 50_000 // lines of one file
)

// ledger shows what became of messages, the newest first.
func (q *request) ledger() error {
	m, now := q.list("What became of messages", "Messages"), q.now()
	query, err := q.ledgerQuery(now)
	if err != nil {
		return err
	}
	lines, err := q.engine.Ledger(q.Context(), query)
	if err := q.further(m, "ledger", "", err); err != nil {
		return err
	}
	m.Path, m.Says = "ledger", "The newest first."
	if m.Further != "" {
		m.Says = "Of the incidents that were read, the newest first. There are more."
	}
	if query.Incident == "" {
		m.Search = ledgerSearch(&query, slices.Sorted(maps.Keys(q.engine.Catalog().Source().People)))
	}
	t := table{ID: "ledger", Name: "Messages", Count: len(lines)}
	for _, l := range slices.Backward(lines) {
		if len(t.Lines) == ledgerRows {
			m.Says = fmt.Sprintf("The newest %d of %d. The file has all. ", ledgerRows, len(lines)) + m.Says
			break
		}
		row := lineView{At: minute(l.At, now), First: "now"}
		row.What, row.Why = messageWords(&l, now)
		if query.Incident == "" {
			row.Path = "incident/" + l.Incident
			row.Why += " · " + clip(l.Title, 100)
		}
		t.Lines = append(t.Lines, row)
	}
	m.found(t, "No message was sent, tried or withheld.")
	m.Side = []side{{Name: "As a file", Facts: []fact{{Name: "CSV", Text: "Download", Path: "ledger.csv?" + q.URL.RawQuery}}}}
	return q.render(http.StatusOK, "list", m)
}

// ledgerQuery returns the query that a request asks for. Days are those of the viewer; the last one counts.
func (q *request) ledgerQuery(now time.Time) (query tocsin.LedgerQuery, err error) {
	get := q.URL.Query().Get
	query = tocsin.LedgerQuery{Tenant: q.tenant, For: &q.viewer, Person: escalate.PersonID(clip(get("person"), 100)), After: clip(get("after"), 300)}
	if id := get("incident"); id != "" {
		inc, err := q.find(id)
		query.Tenant, query.Incident, query.After = inc.Tenant, inc.ID, ""
		return query, err
	}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, q.zone)
	if query.From, err = q.day("from"); query.From.IsZero() {
		query.From = today.AddDate(0, 0, 1-ledgerDays)
	}
	last, wrong := q.day("to")
	if err = cmp.Or(err, wrong); !last.IsZero() {
		query.To = last.AddDate(0, 0, 1)
	}
	if err == nil && !last.IsZero() && last.Before(query.From) {
		err = fmt.Errorf("%w: the last day is before the first", errForm)
	}
	return query, err
}

// day returns a day that a request names, in the zone of the viewer; zero: none.
func (q *request) day(name string) (time.Time, error) {
	text := q.URL.Query().Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, q.zone)
	if err != nil {
		return at, fmt.Errorf("%w: %s is %.40q, expected a day such as 2026-03-01", errForm, name, text)
	}
	return at, nil
}

func ledgerSearch(query *tocsin.LedgerQuery, people []escalate.PersonID) []field {
	person := field{Name: "Person", Field: "person", Value: string(query.Person)}
	for _, p := range people {
		person.Options = append(person.Options, string(p))
	}
	from := field{Name: "From", Field: "from", Value: query.From.Format(time.DateOnly), Type: "date"}
	to := field{Name: "To", Field: "to", Type: "date"}
	if !query.To.IsZero() {
		to.Value = query.To.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return []field{person, from, to}
}

// messagesOf lists what became of the messages of an incident, the newest first.
func messagesOf(lines []tocsin.LedgerLine, now time.Time) (all []messageView) {
	for _, l := range slices.Backward(lines) {
		v := messageView{At: second(l.At, now)}
		v.What, v.Why = messageWords(&l, now)
		all = append(all, v)
	}
	return all
}

// resultWords are the words for a result, and those before the instant at which it is tried again.
var resultWords = map[incident.Result][2]string{
	incident.ResultPending:   {"on its way", ", leaves at "},
	incident.ResultAccepted:  {"taken by the channel", ""}, // "accepted" reads as if the person had
	incident.ResultRetry:     {"failed", ", tried again at "},
	incident.ResultDelayed:   {"delayed", " until "},
	incident.ResultWithdrawn: {"withdrawn", ", made anew at "},
	incident.ResultResent:    {"sent again by hand", ""},
}

// messageWords says which message a line is about, and what became of it.
func messageWords(l *tocsin.LedgerLine, now time.Time) (what, became string) {
	s := l.Sent
	if s == nil {
		return columns(l.Words), "an earlier version wrote this"
	}
	what = s.Kind
	switch {
	case s.Person != "":
		what += " to " + clip(string(s.Person), 40)
	case s.Room != "":
		what += " to " + clip(s.Room, 40)
	case s.Channel == "":
		what += " to nobody"
	}
	if s.Channel != "" {
		what += " over " + clip(s.Channel, 20)
	}
	if s.Level > 0 {
		what += ", level " + strconv.Itoa(s.Level)
	} else if s.About != "" {
		what += ": " + clip(s.About, 200)
	}
	words := resultWords[s.Result]
	became = cmp.Or(words[0], string(s.Result))
	if s.With > 0 {
		became += " in one message with " + plural(s.With, "other page")
	}
	if !s.Again.IsZero() {
		became += words[1] + s.Again.In(now.Location()).Format("15:04:05")
	}
	if s.Reason != "" {
		became += ": " + clip(s.Reason, 300)
	}
	return what, became
}

// ledgerColumns are the columns of the file.
var ledgerColumns = []string{"at", "incident", "title", "message", "kind", "level", "about", "person", "channel", "room", "result", "again", "with", "reason", "words"}

// ledgerCSV sends the ledger as a file, the oldest line of each part first. A file that holds not all says so in its last line.
func (q *request) ledgerCSV() error {
	query, err := q.ledgerQuery(q.now())
	if err != nil {
		return err
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	_ = out.Write(ledgerColumns) // a Buffer takes everything
	for n := 0; ; {
		lines, err := q.engine.Ledger(q.Context(), query)
		more := new(tocsin.MoreError)
		if err != nil && !errors.As(err, &more) {
			return err
		}
		for i := range lines {
			_ = out.Write(ledgerCells(&lines[i]))
		}
		if n += len(lines); err == nil {
			break
		}
		if query.After = more.After; n >= ledgerFile {
			_ = out.Write(append(make([]string, len(ledgerColumns)-1), "There is more: ask again with after="+url.QueryEscape(query.After)))
			break
		}
	}
	out.Flush()
	header := q.w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", `attachment; filename="messages.csv"`)
	_, _ = q.w.Write(b.Bytes()) // the viewer has gone away if this fails
	return nil
}

// ledgerCells returns the cells of a line.
func ledgerCells(l *tocsin.LedgerLine) []string {
	s := l.Sent
	if s == nil {
		s = &incident.Sent{}
	}
	instant := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.UTC().Format(time.RFC3339Nano)
	}
	number := func(n int) string { return strings.TrimPrefix(strconv.Itoa(n), "0") } // empty for none
	cells := []string{
		instant(l.At), l.Incident, l.Title, number(int(s.Message)), s.Kind, number(s.Level), s.About, string(s.Person), s.Channel, s.Room, string(s.Result),
		instant(s.Again), number(s.With), s.Reason, l.Words,
	}
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return cells
}

// cell returns a text that no spreadsheet takes for a formula.
func cell(text string) string {
	if text = line.Of(text); strings.IndexAny(strings.TrimLeft(text, " "), "=+-@\t\r＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}
