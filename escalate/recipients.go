package escalate

import "slices"

// recipients are those whom the level's strategy picks, then who is added at level 1, then the previous holders. What failed
// on the way is told.
func (s *State) recipients(t *Terms) ([]Recipient, []Output) {
	var who []Recipient
	var failed []Failed
	if s.Level <= len(t.Policy.Levels) { // the policy may have lost the level, where that of the incident could not be read
		who, failed = s.picked(t, &t.Policy.Levels[s.Level-1])
	}
	var more []Target
	if s.Level == 1 {
		more = slices.Clone(t.Also)
	}
	for _, p := range s.Resume {
		more = append(more, Target("person:"+string(p)))
	}
	if len(more) == 0 {
		return who, outputs(failed)
	}
	who = slices.Clip(who)
	others, alsoFailed := t.Reach(more)
	for _, r := range others {
		if !slices.ContainsFunc(who, r.same) {
			who = append(who, r)
		}
	}
	return who, outputs(append(failed, alsoFailed...))
}

func outputs(failed []Failed) (out []Output) {
	for _, f := range failed {
		out = append(out, f)
	}
	return out
}

// picked asks the level's strategy, and lets nobody in whom the level does not mean. Where the strategy fails everybody is
// reached.
func (s *State) picked(t *Terms, level *Level) ([]Recipient, []Failed) {
	all, failed := t.Reach(level.Page)
	if len(all) == 0 || level.Strategy == "" {
		return all, failed
	}
	chosen, itself := askStrategy(level.Strategy, t.Strategy(level.Strategy), &Choice{
		Recipients: slices.Clone(all), Position: s.Position, Group: t.Group, Generation: t.Generation, Load: t.Load,
	})
	if itself != nil {
		return all, append(failed, *itself)
	}
	var who []Recipient
	for _, r := range all {
		if slices.ContainsFunc(chosen, r.same) {
			who = append(who, r)
		}
	}
	return who, failed
}
