package core

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// wanting is due once in each unit, and needs a record for it. It counts how often it looked for that in vain.
type wanting struct{ vain *int }

var wanted = store.Ref{Kind: refID, Name: "wanted"}

func (wanting) due(u *unit) (time.Time, bool) {
	return u.group.At, u.inc != nil && u.group.Windows == 0
}

func (w wanting) act(t *turn, u *unit, _ time.Time) bool {
	if _, ok := t.refs(wanted); !ok {
		*w.vain++
		return false
	}
	u.group.Windows = 1
	return true
}

func (wanting) hear(*turn, *unit, time.Time, fact) bool { return true }

// TestALackIsFoundOnce: what a group lacks is looked for once and named once, however many events of the group are decided together.
// Looking for each of them costs the number of events times that of the members.
func TestALackIsFoundOnce(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New())
	b.open(start)
	vain := 0
	b.core.parts = append(b.core.parts, wanting{&vain})
	var events Events
	for i := range 100 {
		events = append(events, Assess(b.cat, &event.Event{
			Type: "disk.full", DedupKey: fmt.Sprint(i), Summary: "disk full", Severity: severity.Error, Intake: "app", Received: start.Add(time.Minute),
		}))
	}
	runs, named := 0, 0
	err := b.kept.Update(t.Context(), b.core.Scope(new(Scratch), []Input{events}, nil), func(v store.View) (store.Batch, store.Need, error) {
		d, need := b.core.Decide(new(Scratch), b.cat, v, []Input{events})
		if runs++; runs > 10 {
			return store.Batch{}, store.Need{}, fmt.Errorf("no end of needs: %v", need)
		}
		for _, ref := range need.Refs {
			if ref == wanted {
				named++
			}
		}
		if !need.Empty() {
			return store.Batch{}, need, nil
		}
		return d.Batch(start.Add(time.Minute), nil, nil), store.Need{}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, 1, named)
	assert.LessOrEqual(t, vain, runs)
	assert.Positive(t, vain)
	t.Logf("100 events, %d runs, %d looks in vain", runs, vain)
}
