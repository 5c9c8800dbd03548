package escalation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Start begins the escalation of an incident that opened at the instant. [State.Collected] or the group wait fires level 1.
func (s *State) Start(at time.Time, t *Terms) {
	*s = State{Status: escalate.Idle, Since: at, Opened: at, Acted: at, Priority: t.Priority, Notice: t.notices()}
	s.Next = at.Add(t.GroupWait)
}

// Collected tells the machine that level 1 waits for the group wait of the terms only, from the opening of the incident on. If it has
// passed, level 1 fires at once.
func (s *State) Collected(at time.Time, t *Terms) []Output {
	if s.Status != escalate.Idle {
		return nil
	}
	if s.Next = s.Opened.Add(t.GroupWait); s.Next.Before(at) {
		s.Next = at
	}
	return s.Advance(at, t)
}

// Due returns the next deadline; false if there is none.
func (s *State) Due() (time.Time, bool) {
	switch s.Status {
	case escalate.Idle, escalate.Running:
		return s.Next, true
	case escalate.Paused:
		if !s.Remind.IsZero() {
			return s.Remind, true
		}
		return s.AckEnds, !s.AckEnds.IsZero()
	}
	return time.Time{}, false
}

// Advance does the due work at the instant of [State.Due]. It does nothing before that instant.
func (s *State) Advance(at time.Time, t *Terms) []Output {
	if due, ok := s.Due(); !ok || due.After(at) {
		return nil
	}
	switch s.Status {
	case escalate.Idle:
		return s.restart(at, t)
	case escalate.Running:
		return s.next(at, t)
	}
	if !s.Remind.IsZero() {
		s.Remind = time.Time{}
		return []Output{Expiring{Holders: s.holders(), Ends: s.AckEnds}}
	}
	return s.resume(at, t, "the acknowledgement expired without activity")
}

// restart begins a new round at level 1.
func (s *State) restart(at time.Time, t *Terms) []Output {
	s.Round++
	s.Pass, s.Level = 1, 1
	s.Priority = t.Priority
	return s.fire(at, t)
}

// next fires the level after the current one, or ends the policy.
func (s *State) next(at time.Time, t *Terms) []Output {
	if !s.step(t) {
		return s.end(at, t)
	}
	return s.fire(at, t)
}

// step moves the position to the next level. It returns false if no level or pass is left.
func (s *State) step(t *Terms) bool {
	switch {
	case s.Level < len(t.Policy.Levels):
		s.Level++
	case t.spent(s.Pass):
		return false
	default:
		s.Round, s.Pass, s.Level = s.Round+1, s.Pass+1, 1
	}
	return true
}

// Last reports whether the position is the last level of the last pass.
func (s *State) Last(t *Terms) bool { return s.Level >= len(t.Policy.Levels) && t.spent(s.Pass) }

// fire fires the level of the position. It skips levels without recipients at once, and asks the last resort in the end.
func (s *State) fire(at time.Time, t *Terms) []Output {
	var out []Output
	for range t.Policy.Levels {
		who, failed := s.recipients(t)
		if out = append(out, failed...); len(who) > 0 {
			return append(out, s.send(at, t, who)...)
		}
		out = append(out, Uncovered{s.Position})
		if !s.step(t) {
			break
		}
	}
	who, failed := t.LastResort()
	if out = append(out, outputs(failed)...); len(who) > 0 {
		return append(out, s.send(at, t, who)...)
	}
	return append(out, s.end(at, t)...)
}

func (s *State) send(at time.Time, t *Terms, who []escalate.Recipient) []Output {
	s.enter(escalate.Running, at)
	s.Next = at.Add(t.Policy.WaitOf(s.Level))
	s.Pending, s.Reached, s.Resume = len(who), false, nil
	notice := s.Notice || t.Policy.Inform
	out := []Output{Fire{Position: s.Position, Recipients: who, Notice: notice}}
	if s.Notice || t.Policy.Inform && s.Level == len(t.Policy.Levels) {
		s.enter(escalate.Informed, at)
		out = append(out, Ended{escalate.Informed})
	}
	return out
}

func (s *State) end(at time.Time, t *Terms) []Output {
	status := escalate.Exhausted
	if t.Policy.Inform && s.Reached {
		status = escalate.Informed
	}
	s.enter(status, at)
	return []Output{Ended{status}}
}

func (s *State) enter(status escalate.Status, at time.Time) {
	s.Status, s.Since = status, at
	s.Next, s.AckEnds, s.Remind = time.Time{}, time.Time{}, time.Time{}
}

// Acknowledge adds a person's acknowledgement and pauses the escalation. A repeat by the same person does nothing.
func (s *State) Acknowledge(at time.Time, by escalate.PersonID, via string, t *Terms) ([]Output, error) {
	if s.Status == escalate.Done {
		return nil, errors.New("nothing to acknowledge")
	}
	if s.held(by) >= 0 {
		return nil, nil
	}
	ack := escalate.Ack{By: by, Via: via, At: at}
	out := []Output{Took{ack}}
	s.Acks = append(s.Acks[:len(s.Acks):len(s.Acks)], ack)
	if s.Status != escalate.Paused {
		s.enter(escalate.Paused, at)
		s.Priority, s.Resume = t.Priority, nil
		out = append(out, Withdraw{})
	}
	s.Activity(at, t)
	return out, nil
}

// Activity restarts the timer that all acknowledgements share.
func (s *State) Activity(at time.Time, t *Terms) {
	s.Acted = at
	s.time(t)
}

// Hushed tells the machine that alerts became quiet, or fire again.
func (s *State) Hushed(at time.Time, t *Terms) {
	if t.ackLife() > 0 {
		return
	}
	if s.time(t); !s.AckEnds.IsZero() && s.AckEnds.Before(at) {
		s.AckEnds = at
	}
}

// time sets the timer by the latest act of a person. Its end is at an acknowledgement, or at what a person did since.
func (s *State) time(t *Terms) {
	if s.Status != escalate.Paused {
		return
	}
	s.AckEnds, s.Remind = time.Time{}, time.Time{}
	life := t.ackLife()
	switch {
	case life > 0:
		if s.Remind = s.Acted.Add(life - ackReminder); life <= ackReminder {
			s.Remind = time.Time{}
		}
	case t.Silent:
		life = hushedLife
	default:
		return
	}
	s.AckEnds = s.Acted.Add(life)
}

// Unacknowledge withdraws a person's acknowledgement. If it was the last, the current level is paged again.
func (s *State) Unacknowledge(at time.Time, by escalate.PersonID, t *Terms) ([]Output, error) {
	i := s.held(by)
	if s.Status != escalate.Paused || i < 0 {
		return nil, fmt.Errorf("%s has not acknowledged it", by)
	}
	if len(s.Acks) > 1 {
		s.Acks = slices.Delete(slices.Clone(s.Acks), i, i+1)
		return nil, nil
	}
	return s.resume(at, t, string(by)+" gave it back"), nil
}

// resume pages the level of the position again: who is on call now, and the previous holders. If every alert is quiet, nobody is
// asked any more.
func (s *State) resume(at time.Time, t *Terms, why string) []Output {
	out := []Output{GaveBack{By: s.holders(), Why: why}}
	if t.Silent {
		return append(out, Lapsed{s.holders()})
	}
	s.Resume, s.Acks = s.holders(), nil
	if s.Level == 0 {
		return append(out, s.restart(at, t)...)
	}
	return append(out, s.fire(at, t)...)
}

// Raised tells the machine that the priority of the incident has become that of the terms. If it is above the priority of the round,
// or of the acknowledgement, a new round begins at level 1.
func (s *State) Raised(at time.Time, t *Terms) []Output {
	if s.Status == escalate.Done || !t.Priority.Above(s.Priority) {
		return nil
	}
	s.Notice = t.notices()
	if s.Status == escalate.Idle {
		s.Priority = t.Priority
		if start := s.Opened.Add(t.GroupWait); start.Before(s.Next) {
			s.Next = start
			if start.Before(at) {
				s.Next = at
			}
		}
		return s.Advance(at, t)
	}
	out := []Output{Alarm{fmt.Sprintf("priority rose from %v to %v", s.Priority, t.Priority)}, Withdraw{}}
	s.Acks, s.Resume = nil, nil
	return append(out, s.restart(at, t)...)
}

// Escalate fires the next level by hand, also while acknowledged. asOf is the position that the caller saw. If it is outdated, the call
// is refused, so that two people at the same time do not skip a level.
func (s *State) Escalate(at time.Time, asOf escalate.Position, t *Terms) ([]Output, error) {
	switch {
	case s.Status == escalate.Done:
		return nil, errors.New("nothing to escalate")
	case asOf != s.Position:
		return nil, fmt.Errorf("the caller saw %v, but the escalation has moved on", asOf)
	}
	if s.Level == 0 {
		s.Notice, s.Acks = false, nil
		return append([]Output{Withdraw{}}, s.restart(at, t)...), nil
	}
	fresh := s.Status == escalate.Exhausted || s.Status == escalate.Informed
	if !s.step(t) {
		if !fresh {
			return nil, errors.New("no level is left")
		}
		s.Round, s.Pass, s.Level = s.Round+1, 1, 1
	}
	s.Notice, s.Acks = false, nil
	return s.fire(at, t), nil
}

// Settled tells the machine that a message of the position was accepted, or failed over every contact. If all messages of the current
// level have failed, the next level fires at once.
func (s *State) Settled(at time.Time, of escalate.Position, accepted bool, t *Terms) []Output {
	if of != s.Position {
		return nil
	}
	s.Pending--
	s.Reached = s.Reached || accepted
	if s.Status != escalate.Running || s.Pending > 0 || s.Reached || s.Level >= len(t.Policy.Levels) && t.endless() {
		return nil // the next of endless passes waits, else they would repeat in a busy loop
	}
	return s.next(at, t)
}

// Finish ends the escalation and withdraws its pages.
func (s *State) Finish(at time.Time) []Output {
	if s.Status == escalate.Done {
		return nil
	}
	s.Resume = s.holders()
	s.Acks = nil
	s.enter(escalate.Done, at)
	return []Output{Withdraw{}}
}

// Relapse begins a new round, since the alert that fires is news to whoever has the incident; the holders are paged with level 1.
func (s *State) Relapse(at time.Time, t *Terms, why string) []Output {
	s.Notice = t.notices()
	s.Resume, s.Acks = s.holders(), nil
	return append([]Output{Alarm{why}, Withdraw{}}, s.restart(at, t)...)
}

// Reopen begins a new round after Finish; the previous holders are paged with level 1.
func (s *State) Reopen(at time.Time, t *Terms, why string) []Output {
	s.Notice = t.notices()
	return append([]Output{Alarm{why}}, s.restart(at, t)...)
}

// Unanswered reports whether the escalation waits for an answer, or will. The alerts of such an incident do not go stale.
func (s *State) Unanswered() bool { return s.Status == escalate.Idle || s.Status == escalate.Running }

// Who returns the people who have the incident, or had it when the escalation ended.
func (s *State) Who() []escalate.PersonID {
	if s.Status == escalate.Done {
		return s.Resume
	}
	return s.holders()
}

func (s *State) holders() []escalate.PersonID {
	var who []escalate.PersonID
	for _, a := range s.Acks {
		who = append(who, a.By)
	}
	return who
}

func (s *State) held(by escalate.PersonID) int {
	return slices.IndexFunc(s.Acks, func(a escalate.Ack) bool { return a.By == by })
}
