package respond_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

func TestTheLogKeepsEveryInput(t *testing.T) {
	cat, err := twoTeams().Compile()
	require.NoError(t, err)
	commands := []respond.Command{
		respond.Acknowledge{Incident: "a#1", By: "ana", Via: "slack", ID: "1"},
		respond.Unacknowledge{Incident: "a#1", By: "ana"},
		respond.Escalate{Incident: "a#1", By: "ana", AsOf: escalate.Position{Round: 1, Level: 2}},
		respond.Resolve{Incident: "a#1", By: "ana", Alerts: true, Override: "drill"},
		respond.Reprioritise{Incident: "a#1", By: "ana", Priority: 2, Because: "drill"},
		respond.Resend{Letter: notify.Message{Key: "a#1/1/sms:1", Incident: "a#1"}, By: "ana"},
		respond.StartRun{Incident: "a#1", Runbook: "mend", By: "ana"},
		respond.Approve{Incident: "a#1", By: "ana"},
		respond.Answer{Incident: "a#1", By: "ana"},
		respond.StopRun{Incident: "a#1", By: "ana"},
		respond.KillSwitch{Tenant: "shop", By: "ana"},
	}
	inputs := []respond.Input{
		respond.Events{respond.Assess(cat, &event.Event{Type: "pay.stuck", Received: start, Labels: map[string]string{"env": "prod"}})},
		respond.Outcome{At: start, Task: "t", Record: store.Key{Kind: "incident", ID: "a#1"}, Message: notify.Message{Key: "t"}, Error: "gone"},
		respond.Acted{At: start, Record: store.Key{Kind: "incident", ID: "a#1"}, Invocation: automate.Invocation{Key: "k"}, Retry: start},
		respond.Advance{At: start, Group: store.Key{Kind: "group", ID: "a"}},
	}
	for _, c := range commands {
		inputs = append(inputs, respond.Do{At: start, Command: c})
	}
	doc, err := respond.EncodeInputs(inputs)
	require.NoError(t, err)
	again, err := respond.DecodeInputs(cat, doc)
	require.NoError(t, err)
	assert.Equal(t, inputs, again)

	for name, doc := range map[string]string{
		"read logged inputs": `{`, `command "fly" is unknown`: `[{"do":{"name":"fly","command":{}}}]`, "logged command resolve": `[{"do":{"name":"resolve","command":7}}]`,
	} {
		_, err := respond.DecodeInputs(cat, []byte(doc))
		assert.ErrorContains(t, err, name)
	}
}
