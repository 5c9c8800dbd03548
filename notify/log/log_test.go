package log_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/severity"
)

func TestRecord(t *testing.T) {
	page := notify.Message{
		Key: "k1", Kind: notify.Page, Channel: "log", To: "#pci", Person: "ana", Title: "P1 payout waits",
		Text: "service checkout\nowner payments", Why: "impact high", Incident: "INC-7", Priority: severity.P1,
		Round: 1, Level: 2, Attempt: 3, Summary: "payout waits", Class: "payments.payout.stuck", Service: "checkout",
		Owner: "payments", Runbook: "https://wiki.example/payout", Note: "again",
		Occasion: notify.OccasionOpened, Which: "m-42", Ack: "https://bell.example/a/1",
		Links:       []event.Link{{URL: "https://graph.example/1", Text: "Dashboard"}, {URL: "https://graph.example/2"}},
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", At: time.Unix(1, 0),
	}
	for _, c := range []struct {
		name    string
		message notify.Message
		want    map[string]any
	}{
		{"a page with everything", page, map[string]any{
			"level": "ERROR", "msg": "P1 payout waits", "key": "k1", "kind": "page", "channel": "log", "to": "#pci",
			"person": "ana", "text": "service checkout\nowner payments", "why": "impact high", "incident": "INC-7",
			"priority": "P1", "escalation": map[string]any{"round": 1.0, "level": 2.0}, "attempt": 3.0, "class": "payments.payout.stuck",
			"service": "checkout", "owner": "payments", "runbook": "https://wiki.example/payout", "note": "again",
			"traceParent": page.TraceParent, "occasion": "opened", "which": "m-42",
			"links": []any{"Dashboard: https://graph.example/1", "https://graph.example/2"},
		}},
		{"a notice with little", notify.Message{Key: "k2", Kind: notify.Notice, Title: "P4 disk"}, map[string]any{
			"level": "INFO", "msg": "P4 disk", "key": "k2", "kind": "notice", "incident": "", "priority": "",
		}},
		{"an all-clear", notify.Message{Kind: notify.AllClear}, map[string]any{
			"level": "INFO", "msg": "", "key": "", "kind": "all-clear", "incident": "", "priority": "",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			n := &log.Notifier{Logger: slog.New(slog.NewJSONHandler(&out, nil))}
			receipt, err := n.Notify(t.Context(), c.message)
			require.NoError(t, err)
			require.Zero(t, receipt)
			var got map[string]any
			require.NoError(t, json.Unmarshal(out.Bytes(), &got))
			delete(got, "time")
			require.Equal(t, c.want, got)
		})
	}
}

type markKey struct{}

// marked records whether the context of each record has the mark.
type marked struct {
	slog.Handler
	found *[]any
}

func (m marked) Handle(ctx context.Context, _ slog.Record) error {
	*m.found = append(*m.found, ctx.Value(markKey{}))
	return nil
}

func TestTheHandlerSeesTheContext(t *testing.T) {
	var found []any
	n := &log.Notifier{Logger: slog.New(marked{slog.NewTextHandler(&bytes.Buffer{}, nil), &found})}
	_, err := n.Notify(context.WithValue(t.Context(), markKey{}, "ours"), notify.Message{Title: "x"})
	require.NoError(t, err)
	require.Equal(t, []any{"ours"}, found)
}

func TestWithoutALoggerTheDefaultOneOfTheMoment(t *testing.T) {
	var out bytes.Buffer
	n := &log.Notifier{}
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil))) // not restored: no other test uses the default logger
	_, err := n.Notify(t.Context(), notify.Message{Kind: notify.Page, Title: "bell"})
	require.NoError(t, err)
	require.Contains(t, out.String(), "level=ERROR msg=bell")
}
