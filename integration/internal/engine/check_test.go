package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/integration/internal/stage"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// tally counts what the interleavings of a store came to.
type tally struct {
	acknowledged, levels, late, resolved, pages, crashes, reloads int
}

// check holds what a store has in the end to the rules, and returns the timelines.
func check(t *testing.T, kept store.Store, done []respond.Command, n *tally) string {
	t.Helper()
	paging := make(map[store.Key]string)
	for _, task := range stage.Tasks(t, kept) {
		if strings.HasPrefix(task.Tag, string(notify.Page)+"/") {
			paging[task.Record] = task.ID
		}
	}
	var text strings.Builder
	for _, tl := range stage.Timelines(t, kept) {
		fmt.Fprintln(&text, tl.ID, tl.Phases.Phase, tl.Escalation.Status)
		for i := range tl.Lines {
			fmt.Fprintln(&text, stage.Text(&tl.Lines[i]))
		}
		walk(t, &tl, n)
		if len(tl.Escalation.Acks) > 0 {
			require.NotContains(t, paging, tl.Key, "a page is still to be sent")
		}
		for _, c := range done {
			if ack, ok := c.(respond.Acknowledge); ok && ack.Incident == tl.ID {
				require.Equal(t, 1, count(tl.Lines, incident.WordAcknowledged, string(ack.By)), "by %s", ack.By)
			}
		}
	}
	return text.String()
}

func count(lines []incident.Entry, word incident.Word, by string) (n int) {
	for i := range lines {
		if lines[i].Word == word && lines[i].Actor == by {
			n++
		}
	}
	return n
}

// walk reads a timeline: while somebody has the incident no level is asked, and a page that leaves all the same is marked.
func walk(t *testing.T, tl *stage.Timeline, n *tally) {
	t.Helper()
	var taken bool
	var last time.Time
	for i := range tl.Lines {
		e := &tl.Lines[i]
		line := tl.ID + ": " + stage.Text(e)
		require.EqualValues(t, i+1, e.Seq, line)
		require.False(t, e.At.Before(last), line)
		last = e.At
		switch {
		case e.Word == incident.WordAcknowledged:
			taken = true
			n.acknowledged++
		case e.Word == incident.WordUnacknowledged && e.Text != "others still have it", e.Word == incident.WordAlarmsAgain,
			e.Word == incident.WordEscalated:
			taken = false
		case e.Word == incident.WordIncidentResolved, e.Word == incident.WordMonitoring:
			taken = true
			n.resolved++
		case e.Word == incident.WordLevel:
			n.levels++
			require.False(t, taken, line)
		case e.Word == incident.WordPage && taken:
			n.late++
			require.Contains(t, e.Text, "left while it was withdrawn", line)
		}
	}
}
