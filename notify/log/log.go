package log

import (
	"context"
	"log/slog"

	"github.com/tocsin-dev/tocsin/notify"
)

// Notifier writes one record for each message. It is safe for concurrent use.
type Notifier struct {
	Logger *slog.Logger // defaults to slog.Default() at each message
}

var (
	_ notify.Notifier = (*Notifier)(nil)
	_ notify.Checker  = (*Notifier)(nil)
)

// Check returns nil: every Notifier of this package can log.
func (*Notifier) Check() error { return nil }

// Notify logs m with its title as the log message: a page at level error, any other kind at info. Empty fields are left out.
// The handler receives ctx, in which the engine has marked the call; so the slog intake makes no event of the record. The
// error is always nil.
func (n *Notifier) Notify(ctx context.Context, m notify.Message) (notify.Receipt, error) {
	logger := n.Logger
	if logger == nil {
		logger = slog.Default()
	}
	level := slog.LevelInfo
	if m.Kind == notify.Page {
		level = slog.LevelError
	}
	shown := m.Shown()
	logger.LogAttrs(ctx, level, shown.Title, attrs(&shown)...)
	return notify.Receipt{}, nil
}

// attrs names the fields as the JSON form of a message does, without the link to acknowledge: whoever reads the log could follow it. The group "escalation" keeps the escalation level apart from
// the log level.
func attrs(m *notify.Message) []slog.Attr {
	list := []slog.Attr{
		slog.String("key", m.Key),
		slog.String("kind", string(m.Kind)),
		slog.String("incident", m.Incident),
		slog.String("priority", m.Priority.String()),
	}
	for _, text := range [...]struct{ name, value string }{
		{"occasion", string(m.Occasion)},
		{"channel", m.Channel},
		{"to", m.To},
		{"person", m.Person},
		{"text", m.Text},
		{"why", m.Why},
		{"class", m.Class},
		{"service", m.Service},
		{"owner", m.Owner},
		{"which", m.Which},
		{"runbook", m.Runbook},
		{"note", m.Note},
		{"traceParent", m.TraceParent},
	} {
		if text.value != "" {
			list = append(list, slog.String(text.name, text.value))
		}
	}
	if len(m.Links) > 0 {
		links := make([]string, len(m.Links))
		for i, l := range m.Links {
			links[i] = notify.Part{Text: l.Text, URL: l.URL}.String()
		}
		list = append(list, slog.Any("links", links))
	}
	if len(m.Pages) > 0 {
		keys := make([]string, len(m.Pages))
		for i := range m.Pages {
			keys[i] = m.Pages[i].Key
		}
		list = append(list, slog.Any("pages", keys))
	}
	if m.Round != 0 {
		list = append(list, slog.Group("escalation", slog.Int("round", m.Round), slog.Int("level", m.Level)))
	}
	if m.Attempt != 0 {
		list = append(list, slog.Int("attempt", m.Attempt))
	}
	return list
}
