package escalation

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// recipients returns the recipients that the strategy of the level picks, then Also at level 1, then the previous holders. The outputs
// are the failures of schedules and strategies.
func (s *State) recipients(t *Terms) ([]escalate.Recipient, []Output) {
	var who []escalate.Recipient
	var failed []escalate.Failed
	if s.Level <= len(t.Policy.Levels) { // a fallback policy may have fewer levels
		who, failed = s.picked(t, &t.Policy.Levels[s.Level-1])
	}
	var more []escalate.Target
	if s.Level == 1 {
		more = slices.Clone(t.Also)
	}
	for _, p := range s.Resume {
		more = append(more, escalate.Target("person:"+string(p)))
	}
	if len(more) == 0 {
		return who, outputs(failed)
	}
	who = slices.Clip(who)
	others, alsoFailed := t.Reach(more)
	for _, r := range others {
		if !slices.ContainsFunc(who, same(r)) {
			who = append(who, r)
		}
	}
	return who, outputs(append(failed, alsoFailed...))
}

// LevelOne returns whom level 1 reaches now.
func (s *State) LevelOne(t *Terms) []escalate.Recipient {
	one := State{Position: escalate.Position{Round: max(s.Round, 1), Level: 1}}
	who, _ := one.recipients(t)
	return who
}

// Again returns whom the level of the position reaches when the acknowledgements end.
func (s *State) Again(t *Terms) []escalate.Recipient {
	now := State{Position: escalate.Position{Round: s.Round, Level: max(s.Level, 1)}}
	who, _ := now.recipients(t)
	return who
}

// Ahead returns whom the next level reaches as things stand, and when; nobody if none follows. Levels that reach nobody are passed
// over, as when they fire.
func (s *State) Ahead(t *Terms) ([]escalate.Recipient, time.Time) {
	next := *s
	if s.Status != escalate.Running || !next.step(t) {
		return nil, time.Time{}
	}
	next.Resume = nil
	for range t.Policy.Levels {
		if who, _ := next.recipients(t); len(who) > 0 {
			return who, s.Next
		}
		if !next.step(t) {
			break
		}
	}
	who, _ := t.LastResort()
	return who, s.Next
}

func outputs(failed []escalate.Failed) (out []Output) {
	for _, f := range failed {
		out = append(out, Failed{f})
	}
	return out
}

// picked returns the recipients of the level that its strategy picks, or all if the strategy fails. It ignores picks that are no
// recipients of the level.
func (s *State) picked(t *Terms, level *escalate.Level) ([]escalate.Recipient, []escalate.Failed) {
	all, failed := t.Reach(level.Page)
	if len(all) == 0 || level.Strategy == "" {
		return all, failed
	}
	chosen, itself := (&escalate.Choice{
		Recipients: slices.Clone(all), Position: s.Position, Group: t.Group, Generation: t.Generation, Load: t.Load,
	}).Ask(level.Strategy, t.Strategy(level.Strategy))
	if itself != nil {
		return all, append(failed, *itself)
	}
	var who []escalate.Recipient
	for _, r := range all {
		if slices.ContainsFunc(chosen, same(r)) {
			who = append(who, r)
		}
	}
	return who, failed
}

// same returns a function that reports whether a recipient is the same person or room as r. A strategy may pass it the zero
// Recipient.
func same(r escalate.Recipient) func(escalate.Recipient) bool {
	return func(o escalate.Recipient) bool {
		if r.Person != "" || o.Person != "" {
			return r.Person == o.Person
		}
		return len(o.Contacts) > 0 && r.Contacts[0] == o.Contacts[0]
	}
}
