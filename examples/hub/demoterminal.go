package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/notify"
)

// terminal shows what happens, in lines for people. It is the notifier of every channel, and the log of the engine.
type terminal struct {
	me   string         // the visitor, who sees each message
	zone *time.Location // of the times
	mu   sync.Mutex
	out  io.Writer
}

var (
	_ notify.Notifier = (*terminal)(nil)
	_ slog.Handler    = (*terminal)(nil)
)

func (t *terminal) text(lines string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = fmt.Fprintln(t.out, lines)
}

// say writes who does something now, and what. Further lines stand below the first.
func (t *terminal) say(who string, lines ...string) {
	t.text(fmt.Sprintf("%s  %-16s  %s", time.Now().In(t.zone).Format(time.TimeOnly), who, strings.Join(lines, "\n"+strings.Repeat(" ", 28))))
}

// Notify shows a message to the visitor or to a room, and a page to anybody. Push messages about the search fail: the first try for a moment,
// the next for good.
func (t *terminal) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	if m.Class == "shop.search.slow" && m.Channel == "push" && m.Kind == notify.Page {
		if m.Attempt == 1 {
			return notify.Receipt{}, errors.New("the service is busy")
		}
		return notify.Receipt{}, notify.Permanent(fmt.Errorf("no telephone of %s takes push messages", m.Person))
	}
	said := m.Shown()
	lines := []string{strings.TrimSuffix(said.Title, " · "+m.Incident)}
	switch {
	case m.Kind == notify.Page:
		t.say("page "+recipient(&m), append(lines, t.details(&said)...)...)
	case m.Person == t.me || m.Person == "":
		t.say("tell "+recipient(&m), lines...)
	}
	return notify.Receipt{}, nil
}

func recipient(m *notify.Message) string {
	switch {
	case m.Person == "":
		return m.To
	case m.Channel == "phone":
		return m.Person + " (call)"
	}
	return m.Person
}

// details are the links to acknowledge of the visitor's pages, and why.
func (t *terminal) details(m *notify.Message) (lines []string) {
	if m.Person != t.me {
		return nil
	}
	for i := range m.Pages {
		lines = append(lines, m.Pages[i].Title, "acknowledge: "+m.Pages[i].Ack)
	}
	if m.Ack != "" {
		lines = append(lines, reason(m), "acknowledge: "+m.Ack)
	}
	return lines
}

// reason says why a person is paged, and who is next.
func reason(m *notify.Message) string {
	text := "why " + m.Why
	if len(m.Next) > 0 {
		text += "; without an answer " + strings.Join(m.Next, " and ") + " in " + time.Until(m.NextAt).Round(time.Second).String()
	}
	return text
}

// action returns an action of a runbook. It takes two seconds.
func (t *terminal) action(output string) automate.Action {
	return automate.ActionFunc(func(ctx context.Context, in automate.Invocation) (automate.Result, error) {
		select {
		case <-ctx.Done():
			return automate.Result{}, ctx.Err()
		case <-time.After(2 * time.Second):
		}
		t.say("runbook", in.Action+": "+output)
		return automate.Result{Output: output}, nil
	})
}

// Enabled reports whether a record is shown.
func (t *terminal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle shows the text of a record, and its error.
func (t *terminal) Handle(_ context.Context, r slog.Record) error {
	text := strings.TrimPrefix(r.Message, "tocsin: ")
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			text += ": " + a.Value.String()
		}
		return true
	})
	t.say("engine", text)
	return nil
}

// WithAttrs leaves attributes out.
func (t *terminal) WithAttrs([]slog.Attr) slog.Handler { return t }

// WithGroup leaves groups out.
func (t *terminal) WithGroup(string) slog.Handler { return t }
