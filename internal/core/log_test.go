package core_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

func TestTheLogKeepsEveryInput(t *testing.T) {
	cat, err := twoTeams().Compile()
	require.NoError(t, err)
	commands := []respond.Command{
		respond.Acknowledge{Incident: "a1", By: "ana", Via: "slack", ID: "1"},
		respond.Unacknowledge{Incident: "a1", By: "ana"},
		respond.Escalate{Incident: "a1", By: "ana", AsOf: escalate.Position{Round: 1, Level: 2}},
		respond.Resolve{Incident: "a1", By: "ana", Alerts: true, Override: "drill"},
		respond.Reprioritise{Incident: "a1", By: "ana", Priority: 2, Because: "drill"},
		respond.Page{Incident: "a1", By: "ana", Target: "team:db", Because: "drill"},
		respond.Note{Incident: "a1", By: "ana", Text: "drill"},
		respond.Resend{Letter: notify.Message{Key: "a1-1-0", Incident: "a1"}, By: "ana"},
		respond.StartRun{Incident: "a1", Runbook: "mend", By: "ana"},
		respond.Approve{Incident: "a1", By: "ana"},
		respond.Answer{Incident: "a1", By: "ana"},
		respond.StopRun{Incident: "a1", By: "ana"},
		respond.DraftUpdate{Incident: "a1", By: "ana", Stage: comms.Identified, Doing: "drill", Confirm: true},
		respond.ApproveUpdate{Incident: "a1", Update: "u1", By: "ana", Decline: true, Because: "drill"},
		respond.SendUpdate{Incident: "a1", Update: "u1", By: "ana", BreakGlass: true, Because: "drill"},
		respond.CorrectUpdate{Incident: "a1", Update: "u1", By: "ana", Text: "drill"},
		respond.RetractUpdate{Incident: "a1", Update: "u1", By: "ana", Text: "drill", Because: "drill"},
		respond.KillSwitch{Tenant: "shop", By: "ana"},
		respond.SendTest{Tenant: "shop", Contact: "slack:@ana", Service: "payments", By: "ana", ID: "2"},
	}
	inputs := []core.Input{
		core.Events{core.Assess(cat, &event.Event{Type: "pay.stuck", Received: start, Labels: map[string]string{"env": "prod"}})},
		core.Outcome{At: start, Record: store.Key{Kind: "incident", ID: "a1"}, Message: notify.Message{Key: "t"}, Error: "gone"},
		core.Acted{At: start, Record: store.Key{Kind: "incident", ID: "a1"}, Invocation: automate.Invocation{Key: "k"}, Retry: start},
		core.Advance{At: start, Key: store.Key{Kind: "group", ID: "a"}},
	}
	for _, c := range commands {
		inputs = append(inputs, core.Do{At: start, Command: c})
	}
	doc, err := full.EncodeInputs(inputs, &core.Decision{})
	require.NoError(t, err)
	again, err := full.DecodeInputs(cat, doc)
	require.NoError(t, err)
	assert.Equal(t, inputs, again)

	for name, doc := range map[string]string{
		"read logged inputs": `{`, `no command "fly"`: `[{"do":{"name":"fly","command":{}}}]`, "command resolve": `[{"do":{"name":"resolve","command":7}}]`,
	} {
		_, err := full.DecodeInputs(cat, []byte(doc))
		assert.ErrorContains(t, err, name)
	}
}
