package core

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// ActionQueue is the queue of the tasks that call an action. The payload of such a task is an [automate.Invocation] as JSON.
func ActionQueue(action string) string { return "act/" + action }

// KindAction is the kind of those tasks; that of messages is "message".
const KindAction = "action"

// Runs is the share of the runbooks in an incident record.
type Runs struct {
	Full  bool         `json:"full,omitempty"` // no further ones begin by themselves
	List  []run.Run    `json:"list,omitempty"`
	Count int          `json:"count,omitempty"` // of runs that were ever begun
	Cause *event.Event `json:"cause,omitempty"` // that opened the incident, where the catalog has runbooks
}

func ledgerKey(tenant, runbook string) store.Key {
	return store.Key{Tenant: tenant, Kind: KindLedger, ID: runbook}
}

func switchKey(tenant string) store.Key {
	return store.Key{Tenant: tenant, Kind: KindSwitch, ID: "runbooks"}
}

// runs is the part of runbooks.
type runs struct{}

func (runs) due(u *unit) (time.Time, bool) {
	at, i := u.firstRun()
	return at, i >= 0
}

func (runs) act(t *turn, u *unit, at time.Time) bool {
	_, i := u.firstRun()
	u.ownRuns()
	t.ran(u, at, i, u.inc.Runs.List[i].Advance(at, t.termsOf(u, at, i)))
	t.emit(u, at, readied{})
	return true
}

func (runs) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f := f.(type) {
	case opened:
		t.matching(u, f.a, at)
		t.emit(u, at, readied{})
	case joined:
		began := u.inc.Runs.Count
		if t.matching(u, f.a, at); u.inc.Runs.Count > began {
			t.emit(u, at, readied{})
		}
	case replaced: // nobody would look at them again
		t.stopRuns(u, at, "its group goes on with another incident")
	case moved:
		if f.to.Over() {
			t.stopRuns(u, at, "the incident is over")
		}
	}
	return true
}

// answer learns what became of a try to call an action.
func (runs) answer(t *turn, u *unit, at time.Time, in Input) bool {
	out, ok := in.(Acted)
	if !ok || u.past { // a past incident waits for nothing
		return true
	}
	call := &out.Invocation
	i := slices.IndexFunc(u.inc.Runs.List, func(r run.Run) bool { return r.ID == call.Run })
	if i < 0 {
		return true
	}
	if !out.Retry.IsZero() {
		u.enter(at, incident.Entry{Word: incident.WordRetry, Text: fmt.Sprintf("runbook %s step %d %s  in %s: %s", call.Runbook,
			call.Step, call.Action, incident.Short(out.Retry.Sub(at)), event.Shorten(automate.Redact(out.Error), noteLength))})
		return true
	}
	u.ownRuns()
	reply := run.Reply{Step: call.Step, Phase: call.Phase, Result: out.Result, Err: out.Error}
	t.ran(u, at, i, u.inc.Runs.List[i].Outcome(at, reply, t.termsOf(u, at, i)))
	t.emit(u, at, readied{})
	return true
}

// delay returns for how long the first page waits for diagnostics, from the opening on.
func (runs) delay(u *unit, opened time.Time) time.Duration {
	var wait time.Duration
	for i := range u.inc.Runs.List {
		if until, ok := u.inc.Runs.List[i].PageWaits(); ok {
			wait = max(wait, until.Sub(opened))
		}
	}
	return wait
}

// brief tells what the steps before the page have found, and which of them have said nothing.
func (runs) brief(u *unit) string {
	var found []string
	for j := range u.inc.Runs.List {
		r := &u.inc.Runs.List[j]
		for n, step := range r.Runbook.Steps {
			if p := &r.Steps[n]; step.BeforePage && p.State == automate.Done && p.Output != "" {
				found = append(found, step.Action()+": "+oneLine(p.Output))
			}
		}
		if lacks := r.Missing(); r.Admitted && len(lacks) > 0 {
			found = append(found, "without "+strings.Join(lacks, ", "))
		}
	}
	return strings.Join(found, "; ")
}

// firstRun returns the run that has something to do first, and when; below zero: none has.
func (u *unit) firstRun() (first time.Time, at int) {
	at = -1
	if u.inc == nil {
		return first, at
	}
	for i := range u.inc.Runs.List {
		if due, ok := u.inc.Runs.List[i].Due(); ok && (at < 0 || due.Before(first)) {
			first, at = due, i
		}
	}
	return first, at
}

// matching begins the runs of an incident that the event calls for, each once per subject.
func (t *turn) matching(u *unit, a *Assessed, at time.Time) {
	if !t.cat.HasRunbooks() {
		return
	}
	cause := kept(a.Event)
	if u.inc.Runs.Cause == nil {
		u.inc.Runs.Cause = cause
	}
	books, errs := t.cat.Runbooks(t.cat.Facts(a.Event, u.inc.Service, u.inc.Owner))
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		t.report(event.Finding(event.FindingRuleError, "runbook "+name,
			fmt.Sprintf("the condition of runbook %q failed on an event of %q: %v", name, a.Event.Type, errs[name])), a.Event.Tenant, at)
	}
	for _, book := range books {
		switch rs := &u.inc.Runs; {
		case rs.began(book, a.Event) || rs.Full:
		case len(rs.List) >= mostRuns:
			rs.Full = true
			u.enter(at, incident.Entry{Word: incident.WordRunbook, Of: book.Name, Text: fmt.Sprintf(
				"begins no more by itself: the incident has %d runs", mostRuns)})
		default:
			t.begin(u, at, book, run.Order{Event: cause})
		}
	}
}

// mostRuns is how many runs an incident has before no further ones begin by themselves.
const mostRuns = 100

// began reports whether the runbook has begun for the subject of the event.
func (rs *Runs) began(book *automate.Runbook, e *event.Event) bool {
	subject, _ := e.Field(book.On)
	return slices.ContainsFunc(rs.List, func(r run.Run) bool {
		return r.Runbook.Name == book.Name && (book.On == "" || r.Subject == subject)
	})
}

// begin begins or proposes a run.
func (t *turn) begin(u *unit, at time.Time, book *automate.Runbook, o run.Order) {
	rs := &u.inc.Runs
	rs.Count++
	o.Number, o.ID, o.Incident = rs.Count, fmt.Sprintf("%s-%d", u.inc.ID, rs.Count), u.inc.ID
	rs.List = append(slices.Clip(rs.List), run.Run{})
	i := len(rs.List) - 1
	out := rs.List[i].Start(at, book, &o, t.runTerms(u, at, book.Name, o.ID, book.Limit))
	t.ran(u, at, i, out)
}

// runTerms tells a run what stands around it. The ledger and the switch are records that others share: whoever begins a run locks
// the ledger, and holds the switch still.
func (t *turn) runTerms(u *unit, at time.Time, runbook, id string, limit automate.Limit) *run.Terms {
	tenant := u.inc.Tenant
	ask := func(counts bool) func() *run.Refusal {
		return func() *run.Refusal {
			row, ledger := load[run.Ledger](t, ledgerKey(tenant, runbook))
			if row == nil {
				return &run.Refusal{Why: "not known yet"} // the decision is made again
			}
			i := slices.IndexFunc(u.inc.Runs.List, func(r run.Run) bool { return r.ID == id })
			subject := u.inc.Runs.List[i].Subject
			if !counts {
				return ledger.Check(at, limit, subject)
			}
			refusal := ledger.Admit(at, limit, id, subject)
			row.dirty = row.dirty || refusal == nil
			return refusal
		}
	}
	return &run.Terms{
		Admit: ask(true), Check: ask(false),
		Switch: func() *run.Switch {
			s := peek[run.Switch](t, switchKey(tenant))
			if row := t.view.Records[switchKey(tenant)]; s == nil && row.Rec != nil { // it cannot be read: somebody may have thrown it
				return &run.Switch{Said: incident.Said{By: "tocsin", Text: "the switch of the runbooks cannot be read"}}
			}
			if s != nil && s.By != "" {
				return s
			}
			return nil
		},
	}
}

// termsOf are the terms of the i-th run.
func (t *turn) termsOf(u *unit, at time.Time, i int) *run.Terms {
	r := &u.inc.Runs.List[i]
	return t.runTerms(u, at, r.Runbook.Name, r.ID, r.Runbook.Limit)
}

// ran carries out what a run asks for.
func (t *turn) ran(u *unit, at time.Time, i int, outputs []run.Output) {
	u.touch(at)
	r := &u.inc.Runs.List[i]
	name := "runbook " + r.Runbook.Name
	enter := func(actor string, said incident.Said, text string) {
		e := incident.Entry{Word: incident.WordRunbook, Of: r.Runbook.Name, Actor: actor, Text: text}
		if said.Text != "" {
			e.Said = incident.Said{By: said.By, Text: event.Shorten(oneLine(said.Text), noteLength)}
		}
		u.enter(at, e)
	}
	say := func(text string) { enter("", incident.Said{}, text) }
	for _, out := range outputs {
		switch out := out.(type) {
		case run.Invoke:
			t.invoke(u, r, out)
		case run.Withdraw:
			t.cancelTag(u, "act/"+out.Key)
		case run.Propose:
			say("waits for approval until " + out.Lapses.UTC().Format("15:04"))
			text := name
			if r.Subject != "" {
				text += " on " + r.Subject
			}
			t.askFor(u, at, r, text+", run "+r.ID, Detail{Occasion: notify.OccasionApproval, Until: out.Lapses})
		case run.Ask:
			say(fmt.Sprintf("step %d asks: %s", out.Step, out.Text))
			t.askFor(u, at, r, fmt.Sprintf("%s, step %d: %s", name, out.Step, out.Text), Detail{})
		case run.Overdue:
			say(fmt.Sprintf("step %d is not answered: %s", out.Step, out.Text))
			t.emit(u, at, stuck{"a runbook"})
		case run.Began:
			say(began(r))
			if out.Owning && !r.DryRun {
				t.emit(u, at, seized{escalate.PersonID(r.Holder())})
			}
		case run.Settled:
			p := &r.Steps[out.Step-1]
			enter(p.By, p.Said, settled(r, out.Step))
		case run.Raise:
			t.emit(u, at, suspected{out.Priority, fmt.Sprintf("%s, step %d", name, out.Step)})
		case run.Failure:
			if r.Undoing {
				say("stops and undoes its steps: " + out.Why)
			}
			t.emit(u, at, stuck{"a runbook"})
		case run.Denied:
			say("refused: " + out.Refusal.String())
			if out.Page {
				t.emit(u, at, stuck{"a runbook"})
			}
		case run.Release:
			if row, ledger := load[run.Ledger](t, ledgerKey(u.inc.Tenant, r.Runbook.Name)); row != nil {
				ledger.Release(at, r.ID, out.Acted)
				row.dirty = true
			}
		case run.Ended:
			if out.State != automate.Refused { // the denial has said it
				enter(string(out.Said.By), out.Said, endedAs(out))
			}
			if r.Runbook.Owning {
				t.emit(u, at, released{escalate.PersonID(r.Holder())})
			}
		}
	}
}

// invoke makes the task that calls an action.
func (t *turn) invoke(u *unit, r *run.Run, out run.Invoke) {
	payload, err := json.Marshal(out.Invocation)
	if err != nil { // texts, numbers and instants only: cannot happen
		panic(fmt.Sprintf("core: invocation: %v", err))
	}
	t.task(u, store.Task{
		ID: out.Key, Queue: ActionQueue(out.Action), Order: out.Key, Tag: "act/" + out.Key, Kind: KindAction, Due: out.At,
		Expires: out.Expires, Payload: payload,
	}, true) // of a run one call at a time is under way, but for diagnostics, each in its own lane
}

// askFor tells whoever is on call for the owner of a runbook what it waits for.
func (t *turn) askFor(u *unit, at time.Time, r *run.Run, what string, d Detail) {
	reached, failed := t.cat.Reach([]escalate.Target{escalate.Target(escalate.ToOwner)}, r.Runbook.Owner, at)
	for i := range failed {
		t.broken(u, at, &failed[i])
	}
	for _, who := range reached {
		t.send(u, at, Pending{Part: "runs", Kind: notify.Notice, Note: event.Shorten(what, noteLength), Detail: d}, who)
	}
}

// stopRuns ends what is under way when the incident needs it no more.
func (t *turn) stopRuns(u *unit, at time.Time, why string) {
	u.ownRuns()
	for i := range u.inc.Runs.List {
		t.ran(u, at, i, u.inc.Runs.List[i].Stop(at, why, incident.Said{}))
	}
}

// ownRuns makes the working copy's list of runs its own before one of them changes.
func (u *unit) ownRuns() { u.inc.Runs.List = slices.Clone(u.inc.Runs.List) }

func startRun(t *turn, u *unit, c respond.StartRun, at time.Time) error {
	book := t.cat.Runbook(c.Runbook)
	if book == nil {
		return fmt.Errorf("there is no runbook %q", c.Runbook)
	}
	u.enter(at, incident.Entry{Word: incident.WordRunbook, Of: book.Name, Actor: string(c.By), Text: "begun by hand"})
	t.begin(u, at, book, run.Order{Event: u.inc.Runs.Cause, By: string(c.By), DryRun: c.DryRun})
	return nil
}

func approve(t *turn, u *unit, c respond.Approve, at time.Time) error {
	return t.withRun(u, at, c.Run, func(r *run.Run, terms *run.Terms) ([]run.Output, error) {
		if c.Decline {
			return r.Decline(at, incident.Said{By: c.By, Text: c.Because})
		}
		return r.Approve(at, string(c.By), terms)
	})
}

func answerStep(t *turn, u *unit, c respond.Answer, at time.Time) error {
	failure := ""
	if c.Failed {
		failure = "could not be done"
	}
	return t.withRun(u, at, c.Run, func(r *run.Run, terms *run.Terms) ([]run.Output, error) {
		return r.Answer(at, c.Step, incident.Said{By: c.By, Text: c.Note}, failure, terms)
	})
}

func stopRun(t *turn, u *unit, c respond.StopRun, at time.Time) error {
	return t.withRun(u, at, c.Run, func(r *run.Run, _ *run.Terms) ([]run.Output, error) {
		return r.Stop(at, "by hand", incident.Said{By: c.By, Text: c.Because}), nil
	})
}

// withRun lets a person do something to the run with the id.
func (t *turn) withRun(u *unit, at time.Time, id string, do func(*run.Run, *run.Terms) ([]run.Output, error)) error {
	i := slices.IndexFunc(u.inc.Runs.List, func(r run.Run) bool { return r.ID == id })
	if i < 0 {
		return fmt.Errorf("it has no run %q", id)
	}
	u.ownRuns()
	out, err := do(&u.inc.Runs.List[i], t.termsOf(u, at, i))
	t.ran(u, at, i, out)
	t.emit(u, at, readied{})
	return err
}

// throwSwitch throws the kill switch, or turns it off.
func throwSwitch(t *turn, _ *unit, c respond.KillSwitch, at time.Time) error {
	row, s := load[run.Switch](t, switchKey(c.Tenant))
	if row == nil {
		return nil
	}
	row.dirty = true
	if *s = (run.Switch{}); !c.Off {
		*s = run.Switch{Said: incident.Said{By: c.By, Text: c.Because}, At: at}
	}
	return nil
}

func (runs) show(i *Incident, v *incident.Incident) {
	for n := range i.Runs.List {
		r := &i.Runs.List[n]
		shown := incident.Run{
			ID: r.ID, Runbook: r.Runbook.Name, Subject: r.Subject, DryRun: r.DryRun, State: r.State, By: r.By, Why: r.Why, Said: r.Said,
			Began: r.Began, Ended: r.Ended,
		}
		for k := range r.Steps {
			p := &r.Steps[k]
			shown.Steps = append(shown.Steps, incident.RunStep{
				Action: r.Runbook.Steps[k].Action(), Ask: r.Runbook.Steps[k].Ask, State: p.State, Output: p.Output, Error: p.Error, By: p.By, Said: p.Said,
			})
		}
		v.Runs = append(v.Runs, shown)
	}
}
