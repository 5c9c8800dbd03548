package respond

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
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// ActionQueue is the queue of the tasks that call an action. The payload of such a task is an [automate.Invocation] as JSON.
func ActionQueue(action string) string { return "act/" + action }

// KindAction is the kind of those tasks; that of messages is "message".
const KindAction = "action"

func ledgerKey(tenant, runbook string) store.Key {
	return store.Key{Tenant: tenant, Kind: KindLedger, ID: runbook}
}

func switchKey(tenant string) store.Key {
	return store.Key{Tenant: tenant, Kind: KindSwitch, ID: "runbooks"}
}

// matching begins the runs of an incident that the event calls for.
func (t *turn) matching(u *unit, a *Assessed, at time.Time) {
	facts := t.cat.Facts(a.Event, a.Class, u.inc.Owner)
	cause := a.Event
	if len(t.cat.Actions()) > 0 {
		cause = kept(a.Event)
		u.inc.Cause = cause
	}
	books, errs := t.cat.Runbooks(facts)
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		t.find(event.Finding(event.FindingRuleError, "runbook "+name,
			fmt.Sprintf("the condition of runbook %q failed on an event of %q: %v", name, a.Event.Type, errs[name])), a.Event.Tenant, at)
	}
	for _, book := range books {
		t.begin(u, at, book, automate.Order{Event: cause})
	}
}

// begin begins or proposes a run.
func (t *turn) begin(u *unit, at time.Time, book *automate.Runbook, o automate.Order) {
	u.inc.RunSeq++
	o.ID, o.Incident = fmt.Sprintf("%s/run/%s/%d", u.inc.ID, book.Name, u.inc.RunSeq), u.inc.ID
	u.inc.Runs = append(slices.Clip(u.inc.Runs), automate.Run{})
	i := len(u.inc.Runs) - 1
	out := u.inc.Runs[i].Start(at, book, &o, t.runTerms(u, at, book.Name, o.ID, book.Limit))
	t.ran(u, at, i, out)
}

// runTerms tells a run what stands around it. The ledger and the switch are records that others share: whoever begins a run
// locks the one, and holds the other still.
func (t *turn) runTerms(u *unit, at time.Time, runbook, run string, limit automate.Limit) *automate.Terms {
	tenant := u.inc.Tenant
	return &automate.Terms{
		Admit: func() *automate.Refusal {
			row, ledger := load[automate.Ledger](t, ledgerKey(tenant, runbook))
			if row == nil {
				return &automate.Refusal{Why: "not known yet"} // the decision is made again
			}
			i := slices.IndexFunc(u.inc.Runs, func(r automate.Run) bool { return r.ID == run })
			refusal := ledger.Admit(at, limit, run, u.inc.Runs[i].Subject)
			row.dirty = row.dirty || refusal == nil
			return refusal
		},
		Switch: func() *automate.Switch {
			if s := peek[automate.Switch](t, switchKey(tenant)); s != nil && s.By != "" {
				return s
			}
			return nil
		},
	}
}

// terms of the i-th run.
func (t *turn) termsOf(u *unit, at time.Time, i int) *automate.Terms {
	r := &u.inc.Runs[i]
	return t.runTerms(u, at, r.Runbook.Name, r.ID, r.Runbook.Limit)
}

// ran carries out what a run asks for.
func (t *turn) ran(u *unit, at time.Time, i int, outputs []automate.Output) {
	u.touch(at)
	r := &u.inc.Runs[i]
	name := "runbook " + r.Runbook.Name
	note := func(kind incident.EntryKind, format string, args ...any) { u.note(at, kind, name, "", format, args...) }
	for _, out := range outputs {
		switch out := out.(type) {
		case automate.Invoke:
			t.invoke(u, r, out)
		case automate.Withdraw:
			t.dropTag(u, "act/"+out.Key)
		case automate.Propose:
			note(incident.KindNote, "waits for approval until %s", out.Lapses.UTC().Format("15:04"))
			t.askFor(u, at, r, "approve "+name)
		case automate.Ask:
			note(incident.KindNote, "step %d asks: %s", out.Step, out.Text)
			t.askFor(u, at, r, fmt.Sprintf("%s, step %d: %s", name, out.Step, out.Text))
		case automate.Overdue:
			note(incident.KindNote, "step %d is not answered: %s", out.Step, out.Text)
			t.escalateFor(u, at)
		case automate.Began:
			note(incident.KindAction, "%s", began(r))
			if out.Owning && !r.DryRun {
				t.owns(u, at, r)
			}
		case automate.Settled:
			note(incident.KindAction, "%s", settled(r, out.Step))
		case automate.Raise:
			t.raised(u, at, out, name)
		case automate.Failure:
			t.escalateFor(u, at)
		case automate.Denied:
			note(incident.KindAction, "refused: %s", out.Refusal.String())
			if out.Page {
				t.escalateFor(u, at)
			}
		case automate.Release:
			if row, ledger := load[automate.Ledger](t, ledgerKey(u.inc.Tenant, r.Runbook.Name)); row != nil {
				ledger.Release(at, r.ID)
				row.dirty = true
			}
		case automate.Ended:
			if out.State != automate.Refused { // that has been said
				note(incident.KindAction, "%s", ended(out))
			}
			t.disowns(u, at, r)
		}
	}
}

// collected lets the first page leave, if nothing is left that it waits for.
func (t *turn) collected(u *unit, at time.Time) {
	t.escalated(u, at, u.inc.Escalation.Collected(at, t.terms(u, at)))
}

// began says who or what lets a run act, and on what.
func began(r *automate.Run) string {
	text := "begins"
	if r.DryRun {
		text = "begins a dry run"
	}
	if r.Subject != "" {
		text += " on " + r.Subject
	}
	if r.By != "" {
		text += "  by " + r.By
	}
	return text
}

func ended(out automate.Ended) string {
	if out.Why == "" {
		return string(out.State)
	}
	return fmt.Sprintf("%s: %s", out.State, event.Shorten(out.Why, noteLength))
}

// noteLength is how much of an output, or of an error, stands in a line of the timeline.
const noteLength = 300

// invoke makes the task that calls an action.
func (t *turn) invoke(u *unit, r *automate.Run, out automate.Invoke) {
	payload, err := json.Marshal(out.Invocation)
	if err != nil { // texts, numbers and instants only: cannot happen
		panic(fmt.Sprintf("respond: invocation: %v", err))
	}
	p := u.inc.Priority
	t.heads = append(t.heads, true) // of a run one call at a time is under way, but for diagnostics, each in its own lane
	t.tasks = append(t.tasks, store.Task{
		ID: out.Key, Record: u.irow.key, Queue: ActionQueue(out.Action), Order: out.Key, Tag: "act/" + out.Key, Kind: KindAction,
		Priority: uint8(p), Rank: t.rank(out.At, p), Due: out.At, Expires: out.Expires, Payload: payload,
	})
}

// askFor tells whoever is on call for the owner of a runbook what it waits for.
func (t *turn) askFor(u *unit, at time.Time, r *automate.Run, what string) {
	reached, failed := t.cat.Reach([]escalate.Target{escalate.Target(escalate.ToOwner)}, r.Runbook.Owner, at)
	for i := range failed {
		t.brokenPart(u, at, &failed[i])
	}
	for _, who := range reached {
		t.send(u, at, Pending{Kind: notify.Notice, Recipient: who, Note: event.Shorten(what, noteLength)})
	}
}

// escalateFor goes on to the next level, because a runbook needs a person.
func (t *turn) escalateFor(u *unit, at time.Time) {
	e := &u.inc.Escalation
	out, err := e.Escalate(at, e.Position, t.terms(u, at))
	if err == nil {
		t.escalated(u, at, out)
		return
	}
	const note = "a runbook needs a person, and no level is left"
	if e.Status != escalate.Done && !t.tellHolders(u, at, notify.Page, note) {
		t.tell(u, at, notify.Page, note)
	}
}

// holder is the name under which an owning run has the incident.
func holder(r *automate.Run) escalate.PersonID {
	return escalate.PersonID("runbook " + r.Runbook.Name + r.ID[strings.LastIndexByte(r.ID, '/'):])
}

// ranBy reports whether it was a run that took the incident, and no person.
func (i *Incident) ranBy(by escalate.PersonID) bool {
	return slices.ContainsFunc(i.Runs, func(r automate.Run) bool { return holder(&r) == by })
}

func (t *turn) owns(u *unit, at time.Time, r *automate.Run) {
	if out, err := u.inc.Escalation.Acknowledge(at, holder(r), "", t.terms(u, at)); err == nil {
		t.escalated(u, at, out)
	}
}

func (t *turn) disowns(u *unit, at time.Time, r *automate.Run) {
	if !r.Runbook.Owning || u.inc.Escalation.Status == escalate.Done {
		return
	}
	if out, err := u.inc.Escalation.Unacknowledge(at, holder(r), t.terms(u, at)); err == nil {
		t.escalated(u, at, out)
	}
}

// raised takes over the priority that a step has found, if it is worse.
func (t *turn) raised(u *unit, at time.Time, out automate.Raise, name string) {
	if !out.Priority.Above(u.inc.Computed) {
		return
	}
	t.worse(u, at, out.Priority, fmt.Sprintf("%s, step %d", name, out.Step))
}

// settled says what became of a step.
func settled(r *automate.Run, n int) string {
	step, p := &r.Runbook.Steps[n-1], &r.Steps[n-1]
	what := map[bool]string{true: "do " + step.Do, false: "check " + step.Check}[step.Do != ""]
	switch {
	case step.Ask != "":
		what = "ask"
	case step.Action() == "":
		what = "wait " + incident.Short(step.Wait)
	}
	text := fmt.Sprintf("step %d %s: %s", n, what, p.State)
	for _, part := range []string{p.Error, p.Output, p.By} {
		if part != "" {
			text += "  " + event.Shorten(strings.Join(strings.Fields(part), " "), noteLength)
		}
	}
	return text
}

// stopRuns ends what is under way when the incident needs it no more.
func (t *turn) stopRuns(u *unit, at time.Time, why string) {
	u.ownRuns()
	for i := range u.inc.Runs {
		t.ran(u, at, i, u.inc.Runs[i].Stop(at, why))
	}
}

// ownRuns makes the working copy's list of runs its own before one of them changes.
func (u *unit) ownRuns() { u.inc.Runs = slices.Clone(u.inc.Runs) }

// pageWaits returns for how long the first page waits for diagnostics, from the opening on.
func (i *Incident) pageWaits(opened time.Time) time.Duration {
	var wait time.Duration
	for j := range i.Runs {
		if until, ok := i.Runs[j].PageWaits(); ok {
			wait = max(wait, until.Sub(opened))
		}
	}
	return wait
}
