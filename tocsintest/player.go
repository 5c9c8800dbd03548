package tocsintest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/sim"
)

// player carries out a story.
type player struct {
	story    *story
	base     fs.FS
	code     []func(*catalog.Catalog)
	reloaded map[string]bool // catalogs
	sim      *sim.Sim        // nil before the first command
	start    time.Time
	seen     int               // entries that are in transcripts
	opened   []string          // ids of the incidents, in the order in which they opened
	names    *strings.Replacer // ids by their numbers
	actions  map[string]*action
	called   []sim.Entry // calls of actions that are in no transcript yet
}

// defaultStart is when a story without the command start begins: a Monday.
var defaultStart = time.Date(2026, 1, 12, 12, 0, 0, 0, time.UTC)

// carryOut runs a command and returns its transcript.
func (p *player) carryOut(line string) ([]string, error) {
	a, err := split(line)
	if err != nil {
		return nil, err
	}
	word, err := a.word("a command")
	if err != nil {
		return nil, err
	}
	if p.sim == nil {
		if err := p.begin(word.value, a); err != nil || word.value == "start" {
			return nil, err
		}
	}
	switch word.value {
	case "trigger":
		return p.submit(event.Trigger, a)
	case "resolve":
		return p.submit(event.Resolve, a)
	case "acknowledge-signal":
		return p.submit(event.Acknowledge, a)
	case "change":
		return p.submit(event.Change, a)
	case "pass":
		return p.pass(a)
	case "do":
		return p.do(a)
	case "show":
		return p.show(a)
	case "reload":
		return p.reload(a)
	case "fail":
		return nil, p.fail(a)
	case "mend":
		return nil, p.mend(a)
	case "action":
		return nil, p.act(a)
	case "start":
		return nil, errors.New("found start after another command, expected it first")
	}
	return nil, fmt.Errorf("found the command %q, expected one of: start, trigger, resolve, acknowledge-signal, change, pass, do, show, reload, fail, mend, action",
		word.value)
}

// begin makes the simulation. It starts at the instant of the command start, or at defaultStart.
func (p *player) begin(word string, a *arguments) error {
	p.start = defaultStart
	if word == "start" {
		at, err := a.word("an instant such as 2026-03-28T23:00:00Z")
		if err != nil {
			return err
		}
		if p.start, err = time.Parse(time.RFC3339, at.value); err != nil {
			return fmt.Errorf("found %q, expected an instant such as 2026-03-28T23:00:00Z", at.value)
		}
		if err := a.done(); err != nil {
			return err
		}
	}
	c, err := p.load("")
	if err != nil {
		return err
	}
	p.actions, p.names = make(map[string]*action), strings.NewReplacer()
	p.sim, err = sim.New(c, p.start)
	return err
}

// submit submits an event, repeatedly if the command has times.
func (p *player) submit(signal event.Signal, a *arguments) ([]string, error) {
	times := 1
	if text := a.take("times"); text != "" {
		var err error
		if times, err = strconv.Atoi(text); err != nil || times < 1 {
			return nil, fmt.Errorf("found times=%s, expected a number", text)
		}
	}
	e, err := p.event(signal, a)
	if err == nil {
		err = a.done()
	}
	if err != nil {
		return nil, err
	}
	for range times {
		err := p.sim.Submit(e)
		var rejected *event.RejectedError
		if errors.As(err, &rejected) {
			return []string{rejected.Error()}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return p.transcript(), nil
}

func (p *player) pass(a *arguments) ([]string, error) {
	word, err := a.word("a duration such as 5m")
	if err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(word.value)
	if err != nil || d <= 0 {
		return nil, fmt.Errorf("found %q, expected a duration such as 5m", word.value)
	}
	if err := errors.Join(a.done(), p.sim.Advance(d)); err != nil {
		return nil, err
	}
	return p.transcript(), nil
}

func (p *player) do(a *arguments) ([]string, error) {
	c, err := p.command(a)
	if err == nil {
		err = a.done()
	}
	if err != nil {
		return nil, err
	}
	err = p.sim.Do(c)
	var refused *respond.RefusedError
	if err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	lines := p.transcript()
	if refused != nil {
		lines = slices.DeleteFunc(lines, func(line string) bool { return line == nothing })
		lines = append([]string{"refused: " + p.names.Replace(refused.Error())}, lines...)
	}
	return lines, nil
}

func (p *player) reload(a *arguments) ([]string, error) {
	word, err := a.word("the name of a catalog")
	if err != nil {
		return nil, err
	}
	if p.story.catalogs[word.value] == nil {
		return nil, fmt.Errorf("found the catalog %q, expected a section -- %s: FILE.yaml -- that defines it", word.value, word.value)
	}
	p.reloaded[word.value] = true
	c, err := p.load(word.value)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(a.done(), p.sim.Reload(c)); err != nil {
		return nil, err
	}
	return p.transcript(), nil
}

func (p *player) fail(a *arguments) error {
	channel, err := a.word("a channel")
	if err != nil {
		return err
	}
	text, ok := a.text()
	if !ok {
		return errors.New("found no text in double quotes, expected why the channel fails")
	}
	why, err := a.err(text)
	if err != nil {
		return err
	}
	p.sim.Fail(channel.value, why)
	return a.done()
}

func (p *player) mend(a *arguments) error {
	channel, err := a.word("a channel")
	if err != nil {
		return err
	}
	p.sim.Fail(channel.value, nil)
	return a.done()
}

// nothing is the transcript of a command without effect.
const nothing = "(nothing)"

// transcript returns the new entries, grouped by incident, alert and action in the order of their first entries.
func (p *player) transcript() []string {
	entries := p.sim.Entries()
	fresh := append(slices.Clip(entries[p.seen:]), p.called...)
	p.seen, p.called = len(entries), nil
	p.opened, p.names = p.sim.Numbers()
	if lines := p.sim.Transcript(fresh, p.start); len(lines) > 0 {
		return lines
	}
	return []string{nothing}
}

// named replaces the number of an incident by its id: in #1, and in #1-2, its second run.
func (p *player) named(text string) (string, error) {
	number, rest, _ := strings.Cut(text, "-")
	if !strings.HasPrefix(number, "#") {
		return text, nil
	}
	n, err := strconv.Atoi(number[1:])
	if err != nil || n < 1 || n > len(p.opened) {
		return "", fmt.Errorf("found the incident %s, expected an open or past incident: %d have opened so far", number, len(p.opened))
	}
	return strings.TrimSuffix(p.opened[n-1]+"-"+rest, "-"), nil
}

// show prints the state of an incident or an alert.
func (p *player) show(a *arguments) ([]string, error) {
	word, err := a.word("an incident, such as #1, or an alert")
	if err == nil {
		err = a.done()
	}
	if err != nil {
		return nil, err
	}
	id, err := p.named(word.value)
	if err != nil {
		return nil, err
	}
	alerts, err := p.sim.Alerts()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(alerts, func(a, b incident.Alert) int { return cmp.Compare(a.ID, b.ID) })
	for i := range alerts {
		if p.names.Replace(alerts[i].ID) == p.names.Replace(id) {
			return p.showAlert(&alerts[i]), nil
		}
	}
	incidents, err := p.sim.Incidents()
	for i := range incidents {
		if incidents[i].ID == id {
			return p.showIncident(&incidents[i], alerts), err
		}
	}
	return nil, errors.Join(err, fmt.Errorf("found %q, expected an incident, such as #1, or an alert as transcripts name it", word.value))
}

func (p *player) showAlert(al *incident.Alert) []string {
	lines := []string{
		"alert " + p.names.Replace(al.ID), "  state  " + strings.TrimSuffix(string(al.State)+"  "+al.Reason, "  "), fmt.Sprintf("  count  %d", al.Count),
		said("first", &al.First), said("latest", &al.Latest),
	}
	if al.Incident != "" {
		lines = append(lines, "  incident  "+p.names.Replace(al.Incident))
	}
	if al.Previous != "" {
		lines = append(lines, "  previous  "+p.names.Replace(al.Previous))
	}
	return lines
}

func said(what string, f *incident.Signal) string {
	return fmt.Sprintf("  %s  %s %q", what, f.Severity, f.Summary)
}

// action answers the calls of runbooks as the story says, and records them for the transcripts.
type action struct {
	p       *player
	name    string
	answers map[automate.Phase]answer
}

type answer struct {
	output string
	err    error
}

const actionTitle = "action "

// act sets the answer of an action to all further calls, in one of its phases.
func (p *player) act(a *arguments) error {
	name, err := a.word("the name of an action")
	if err != nil {
		return err
	}
	phase := automate.PhaseRun
	if len(a.words) > 0 && !a.words[0].quoted {
		word, _ := a.word("")
		phase = automate.Phase(word.value)
	}
	if known := []automate.Phase{automate.PhasePrecheck, automate.PhaseRun, automate.PhaseVerify, automate.PhaseCompensate}; !slices.Contains(known, phase) {
		return fmt.Errorf("found the phase %q, expected one of: %v", phase, known)
	}
	var ans answer
	ans.output, _ = a.text()
	if text := a.take("error"); text != "" {
		if ans.err, err = a.err(text); err != nil {
			return err
		}
	}
	if p.actions[name.value] == nil {
		p.actions[name.value] = &action{p, name.value, make(map[automate.Phase]answer)}
		p.sim.Act(name.value, p.actions[name.value])
	}
	p.actions[name.value].answers[phase] = ans
	return a.done()
}

func (a *action) call(in *automate.Invocation) (automate.Result, error) {
	e := incident.Entry{At: a.p.sim.Now(), Word: incident.Word(in.Phase), Text: in.Subject}
	if in.DryRun {
		e.Text = strings.TrimPrefix(e.Text+"  dry run", "  ")
	}
	a.p.called = append(a.p.called, sim.Entry{About: actionTitle + a.name, Entry: e})
	said := a.answers[in.Phase]
	return automate.Result{Output: said.output}, said.err
}

// Run implements [automate.Action].
func (a *action) Run(_ context.Context, in automate.Invocation) (automate.Result, error) {
	return a.call(&in)
}

// Precheck implements [automate.Prechecker].
func (a *action) Precheck(_ context.Context, in automate.Invocation) error {
	_, err := a.call(&in)
	return err
}

// Verify implements [automate.Verifier].
func (a *action) Verify(_ context.Context, in automate.Invocation) error {
	_, err := a.call(&in)
	return err
}

// Compensate implements [automate.Compensator].
func (a *action) Compensate(_ context.Context, in automate.Invocation) error {
	_, err := a.call(&in)
	return err
}
