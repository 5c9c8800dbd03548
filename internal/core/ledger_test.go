package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// sending is a message over one contact.
type sending struct {
	incident, channel string
	message           uint64
}

// ledgers is what the ledgers of a world say.
type ledgers struct {
	ends, pending, resent map[sending]int
	lines                 map[incident.Result]int
}

// TestLedger: in random histories, each message that was put on its way has one end for each contact, or is on its way. Each entry about
// a message has a line of the ledger which says the same.
func TestLedger(t *testing.T) {
	histories := 150
	if testing.Short() {
		histories = 30
	}
	all, sendings := make(map[incident.Result]int), 0
	for seed := range uint64(histories) {
		rng := rand.New(rand.NewPCG(seed, 15))
		w := newWorld(t)
		for _, s := range newWorld(t).known(history(rng, 60, true)) {
			if s.outcome == nil { // those below are about messages that there are
				w.decide(s.at, w.input(s))
				w.hears(rng, s.at)
			}
			if rng.IntN(3) == 0 {
				w.tick(s.at)
			}
		}
		l := w.ledgers(seed)
		for _, s := range w.sent {
			sendings++
			require.Equal(t, 1+l.resent[s], l.ends[s]+l.pending[s], "seed %d: %+v", seed, s)
		}
		for result, n := range l.lines {
			all[result] += n
		}
	}
	for _, result := range []incident.Result{"accepted", "retry", "delayed", "failed", "withdrawn", "resent"} {
		require.Positive(t, all[result], "the histories get everywhere: %s", result)
	}
	t.Logf("%d histories, %d messages over a contact, lines by result %v, seeds from 0", histories, sendings, all)
}

// hears lets some of the pending messages have an outcome, and brings back one that has failed.
func (w *world) hears(rng *rand.Rand, at time.Time) {
	for _, row := range w.incidents() {
		for _, p := range row.Rec.(*core.Incident).Delivery.Pending {
			channel, to := p.Contact().Split()
			m := notify.Message{
				Key: fmt.Sprintf("%s-%d-%d", row.Key.ID, p.Seq, p.Try), Incident: row.Key.ID, Seq: p.Seq, Contact: p.Try, Kind: p.Kind, Channel: channel, To: to, Person: string(p.Person), Level: p.Level, Part: p.Part, Note: p.Note, Occasion: p.Occasion,
			}
			out := core.Outcome{At: at, Record: row.Key, Message: m, With: rng.IntN(3), Lost: rng.IntN(9) == 0}
			switch rng.IntN(6) {
			case 0, 1:
				out.Sent = true
			case 2:
				out.Error = to + " does not exist"
			case 3:
				out.Error, out.Retry, out.Delayed = "busy", at.Add(time.Minute), rng.IntN(2) == 0
			default:
				continue
			}
			if w.decide(at, out); out.Error != "" && out.Retry.IsZero() && !out.Lost && rng.IntN(2) == 0 {
				w.decide(at, core.Do{At: at, Command: respond.Resend{Letter: m, By: "ben"}})
			}
		}
	}
}

func (w *world) incidents() []store.Snapshot {
	rows, err := w.store.Read(context.Background(), store.Query{Kind: core.KindIncident, Timeline: true, Limit: 1000})
	require.NoError(w.t, err)
	return rows
}

// ledgers reads the ledgers, and holds that they agree with the words.
func (w *world) ledgers(seed uint64) ledgers {
	l := ledgers{make(map[sending]int), make(map[sending]int), make(map[sending]int), make(map[incident.Result]int)}
	for _, row := range w.incidents() {
		for _, s := range row.Rec.(*core.Incident).UnderWay() {
			l.pending[sending{row.Key.ID, s.Channel, s.Message}]++
		}
		for _, raw := range row.Entries {
			var e incident.Entry
			require.NoError(w.t, json.Unmarshal(raw.Doc, &e))
			agree(w.t, &e, fmt.Sprintf("seed %d: %s", seed, raw.Doc))
			if e.Sent == nil {
				continue
			}
			of := sending{row.Key.ID, e.Sent.Channel, e.Sent.Message}
			switch l.lines[e.Sent.Result]++; e.Sent.Result {
			case incident.ResultAccepted:
				if e.Sent.Reason == "" { // else it had been withdrawn
					l.ends[of]++
				}
			case incident.ResultFailed, incident.ResultWithdrawn:
				l.ends[of]++
			case incident.ResultResent:
				l.resent[of]++
			}
		}
	}
	return l
}

// aboutMessages are the words of entries about messages. Runbooks are tried again, too.
var aboutMessages = []incident.Word{"page", "notice", "reminder", "all-clear", "close", "retry", "withdrawn", "resent", "withheld"}

// agree holds that an entry is about a message exactly if it has a line of the ledger, and that both say the same.
func agree(t *testing.T, e *incident.Entry, where string) {
	t.Helper()
	isRun := e.Word == incident.WordRetry && strings.HasPrefix(e.Text, "runbook ")
	skipped := e.Word == incident.WordLevel && e.Text == "reaches nobody, skipped"
	require.Equal(t, slices.Contains(aboutMessages, e.Word) && !isRun || skipped, e.Sent != nil, where)
	if e.Sent == nil || skipped {
		return
	}
	s := e.Sent
	for _, part := range []string{string(s.Person), s.Channel, s.Reason} {
		if s.Result != incident.ResultWithdrawn || part != s.Reason { // the entry before it gives the reason
			require.Contains(t, e.Text, part, where)
		}
	}
	for _, address := range []string{"@ana", "@ben", "@cho"} {
		require.NotContains(t, string(e.AppendJSON(nil)), address, where)
	}
	require.Equal(t, map[incident.Result]incident.Word{
		"accepted": incident.Word(s.Kind), "failed": incident.Word(s.Kind), "retry": "retry", "delayed": "retry", "withdrawn": "withdrawn", "resent": "resent",
		"withheld": "withheld",
	}[s.Result], e.Word, where)
	require.Equal(t, s.Result == incident.ResultFailed, strings.Contains(e.Text, "  failed: "), where)
	require.Equal(t, s.Result == incident.ResultAccepted && s.With > 0, strings.Contains(e.Text, "  in one message with "), where)
	require.Equal(t, s.Level > 0, strings.Contains(e.Text, fmt.Sprintf("level %d  ", s.Level)), where)
	require.Equal(t, s.Level == 0 && s.Kind != "all-clear" && s.Kind != "reminder", s.About != "", where)
	require.Contains(t, e.Text, s.About, where)
	require.Equal(t, s.Result == incident.ResultWithheld, s.Message == 0, where)
}
