package tocsintest

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/sim"
)

// World simulates a catalog in a test. Each error fails the test at once. A World is not safe for concurrent use.
type World struct {
	t     testing.TB
	cat   *catalog.Compiled
	sim   *sim.Sim
	start time.Time
	seen  int // entries that Sent has looked at
}

// New makes a World with the catalog. Its virtual time begins at start.
func New(t testing.TB, c *catalog.Catalog, start time.Time) *World {
	t.Helper()
	s, err := sim.New(c, start)
	if err != nil {
		t.Fatalf("tocsintest: %v", err)
	}
	compiled, err := c.Compile()
	if err != nil {
		t.Fatalf("tocsintest: %v", err)
	}
	return &World{t: t, cat: compiled, sim: s, start: start}
}

// Submit submits events at the virtual time.
func (w *World) Submit(events ...event.Event) {
	w.t.Helper()
	w.must(w.sim.Submit(events...))
}

// Route sends a body to an intake, and submits the events that the intake makes of it. build makes the intake as the service does, so that
// the body is decoded by the code of production, see [intake.Rehearse]; the intake demands no token. headers alternates names and values;
// the Content-Type is application/json, unless one of them says otherwise. An answer that is an error fails the test.
//
// Route returns what is foreseen of the events by themselves: what each means, the routes that were tried, and who is paged if nobody acts.
// The forecast knows nothing of what has happened in w.
func (w *World) Route(build func(intake.Submitter) http.Handler, body string, headers ...string) *sim.Forecast {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	w.must(err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got := intake.Rehearse(build, w.cat.SeverityOf, r)
	if got.Refused() {
		w.t.Fatalf("tocsintest: the intake answers %d: %s", got.Status, got.Answer)
	}
	f, err := sim.Foresee(w.cat, w.sim.Now(), got.Events...)
	w.must(err)
	w.Submit(got.Events...)
	return f
}

// Do carries out a command at the virtual time. A refused command fails the test.
func (w *World) Do(c respond.Command) {
	w.t.Helper()
	w.must(w.sim.Do(c))
}

// Advance moves the virtual time on by d. Work that falls due meanwhile happens at its own instant.
func (w *World) Advance(d time.Duration) {
	w.t.Helper()
	w.must(w.sim.Advance(d))
}

// Fail makes every message over the channel fail with err from now on; with nil they succeed again.
func (w *World) Fail(channel string, err error) { w.sim.Fail(channel, err) }

// Act registers the action that runbooks call by the name. A call of an action without a registration succeeds without output.
func (w *World) Act(name string, a automate.Action) { w.sim.Act(name, a) }

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("tocsintest: %v", err)
	}
}

// Incident returns the incident that opened last. If none has opened, the test fails.
func (w *World) Incident() incident.Incident {
	w.t.Helper()
	incidents, err := w.sim.Incidents()
	w.must(err)
	if len(incidents) == 0 {
		w.t.Fatalf("tocsintest: no incident has opened; so far:\n%s", strings.Join(w.lines(0, all), "\n"))
	}
	return slices.MaxFunc(incidents, func(a, b incident.Incident) int { return a.Detected.Compare(b.Detected) })
}

// Sent compares the lines with the messages that were sent or failed for good since the last call of Sent. Each message is one
// line, in order: the offset from the start, the kind, the level or text, the person and the channel, as in "+5m  page  level 2
// ben  slack". Differences in white space are ignored.
func (w *World) Sent(lines ...string) {
	w.t.Helper()
	want := make([]string, len(lines))
	for i, l := range lines {
		want[i] = fold(l)
	}
	got := w.lines(w.seen, messages)
	for i, l := range got {
		got[i] = fold(l)
	}
	from := w.seen
	w.seen = len(w.sim.Entries())
	if !slices.Equal(got, want) {
		w.t.Errorf("messages sent:\n%s\nbecause:\n%s", diff(got, want), strings.Join(w.lines(from, all), "\n"))
	}
}

// Golden compares all timelines so far with the file. They are ordered by their first entries, with one line per entry. With the
// flag -update, see [Story], Golden writes the file instead.
func (w *World) Golden(file string) {
	w.t.Helper()
	got := w.timelines()
	if updating() {
		w.must(os.WriteFile(file, []byte(got), 0o666))
		return
	}
	want, err := os.ReadFile(file)
	w.must(err)
	if got == string(want) {
		return
	}
	w.t.Errorf("the timelines differ from %s (-update writes it):\n%s", file, diff(folded(got), folded(string(want))))
}

// timelines returns the timelines of all incidents and alerts as text.
func (w *World) timelines() string {
	var order []string
	lines := make(map[string][]string)
	for _, e := range w.sim.Entries() {
		if lines[e.About] == nil {
			order = append(order, e.About)
		}
		lines[e.About] = append(lines[e.About], "  "+e.Line(w.start)+"\n")
	}
	var b strings.Builder
	for _, of := range order {
		b.WriteString(of + "\n" + strings.Join(lines[of], ""))
	}
	return b.String()
}

func all(*incident.Entry) bool        { return true }
func messages(e *incident.Entry) bool { return e.Word.Kind() == incident.KindPage }

// lines formats the entries from an index on that match.
func (w *World) lines(from int, which func(*incident.Entry) bool) []string {
	var lines []string
	entries := w.sim.Entries()
	for i := range entries[from:] {
		if e := &entries[from+i]; which(&e.Entry) {
			lines = append(lines, e.Line(w.start))
		}
	}
	return lines
}

func fold(line string) string { return strings.Join(strings.Fields(line), " ") }

// folded splits a text into lines and folds each.
func folded(text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = fold(l)
	}
	return lines
}

// diff marks missing lines with - and additional lines with +. Unmarked lines are the longest common subsequence.
func diff(got, want []string) string {
	common := make([][]int, len(got)+1) // length of the longest common subsequence from both indexes on
	for i := range common {
		common[i] = make([]int, len(want)+1)
	}
	for i := len(got) - 1; i >= 0; i-- {
		for j := len(want) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); got[i] == want[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var b strings.Builder
	for i, j := 0, 0; i < len(got) || j < len(want); {
		switch {
		case i < len(got) && j < len(want) && got[i] == want[j]:
			b.WriteString("  " + got[i] + "\n")
			i, j = i+1, j+1
		case i == len(got) || j < len(want) && common[i][j+1] >= common[i+1][j]:
			b.WriteString("- " + want[j] + "\n")
			j++
		default:
			b.WriteString("+ " + got[i] + "\n")
			i++
		}
	}
	return b.String()
}
