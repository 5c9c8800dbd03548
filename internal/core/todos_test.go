package core

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// TestOpenTodosKeepItFromClosing: an open to-do is a reason against closing, and against nothing else.
func TestOpenTodosKeepItFromClosing(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New())
	id := b.open(start)
	do := func(c respond.Command) {
		require.NoError(t, b.decide(start, Do{At: start, Command: c}).Refused[0])
	}
	gate := func(to incident.Phase) []string {
		return todos{}.shut(nil, &unit{inc: b.incident(id)}, start, to)
	}
	assert.Empty(t, gate(incident.Closed))
	do(respond.AddTodo{Incident: id, By: "ana", Text: "call the bank"})
	do(respond.AddTodo{Incident: id, By: "ana", Text: "call the shop"})
	do(respond.DoneTodo{Incident: id, By: "ana", Todo: 1})
	assert.Equal(t, []string{"1 of 2 to-dos are open"}, gate(incident.Closed))
	assert.Empty(t, gate(incident.Resolved))
	do(respond.Resolve{Incident: id, By: "ana", Alerts: true, Override: "x"})
	shut := b.decide(start, Do{At: start, Command: respond.Close{Incident: id, By: "ana"}})
	require.ErrorContains(t, shut.Refused[0], "1 of 2 to-dos are open")
	do(respond.DoneTodo{Incident: id, By: "ana", Todo: 2})
	assert.Empty(t, gate(incident.Closed))
	do(respond.Close{Incident: id, By: "ana"})
}

// TestToDosAndDecisionsAreBounded: no command makes the record grow without end.
func TestToDosAndDecisionsAreBounded(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New())
	id := b.open(start)
	for what, tt := range map[string]struct {
		most int
		c    respond.Command
	}{
		"to-dos":    {mostTodos, respond.AddTodo{Incident: id, By: "ana", Text: "x"}},
		"decisions": {mostDecisions, respond.AskDecision{Incident: id, By: "ana", Text: "x", Options: []string{"a", "b"}, Decider: "ben"}},
	} {
		inputs := make([]Input, tt.most+1)
		for i := range inputs {
			inputs[i] = Do{At: start, Command: tt.c}
		}
		refused := b.decide(start, inputs...).Refused
		require.NoError(t, refused[tt.most-1])
		require.ErrorContains(t, refused[tt.most], fmt.Sprintf("it has %d %s", tt.most, what))
	}
}
