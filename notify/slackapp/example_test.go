package slackapp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/slackapp"
	"github.com/tocsin-dev/tocsin/severity"
)

// A page goes to ana, who clicks on the button. Here a transport stands in for Slack.
func ExampleApp() {
	workspace := workspace{calls: make(chan string)}
	slack := &slackapp.App{
		Token: notify.NewSecret("xoxb-…"), SigningSecret: notify.NewSecret(signingSecret), Team: "T0SHOP0000",
		Client: &http.Client{Transport: workspace},
	}
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: &catalog.Catalog{
			Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
			People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"slack:U0ANA00000"}}},
			Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
			Plans:    map[string]catalog.Plan{"loud": {Policy: "one"}},
			Policies: map[string]escalate.Policy{"one": {Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: time.Hour}}}},
			Services: map[string]catalog.Service{"checkout": {Owner: "shop", Tier: 1}},
			Classes:  []event.Class{{Name: "checkout", Service: "checkout"}},
		},
		Notifiers: map[string]notify.Notifier{"slack": slack},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- bell.Run(ctx) }()
	err = bell.Submit(ctx, event.Event{Type: "checkout", Severity: severity.Critical, Summary: "Checkout is down"})
	button := <-workspace.calls

	go slack.Handler(bell).ServeHTTP(httptest.NewRecorder(), signed(clicked("U0ANA00000", button), time.Now()))
	<-workspace.calls // the message is changed
	incidents, _ := bell.Incidents(ctx, tocsin.Query{})
	fmt.Println(err, incidents[0].Escalation.Acks[0].By, "has it, via", incidents[0].Escalation.Acks[0].Via)
	stop()
	<-stopped
	// Output:
	// chat.postMessage for U0ANA00000: Acknowledge
	// chat.update for D1: ana has it since
	// <nil> ana has it, via slack
}

// workspace prints the calls of the app, and passes on the blocks of each.
type workspace struct{ calls chan string }

func (w workspace) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	blocks := r.Form.Get("blocks")
	for _, words := range []string{"Acknowledge", "ana has it since"} {
		if strings.Contains(blocks, words) {
			fmt.Printf("%s for %s: %s\n", r.URL.Path[len("/api/"):], r.Form.Get("channel"), words)
		}
	}
	w.calls <- blocks
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"ok":true,"channel":"D1","ts":"1.2"}`)), Header: http.Header{}}, nil
}

// clicked is what Slack tells of a click on the button of a message.
func clicked(user, blocks string) string {
	var message []struct {
		ID       string           `json:"block_id"`
		Elements []map[string]any `json:"elements"`
	}
	if err := json.Unmarshal([]byte(blocks), &message); err != nil {
		return err.Error()
	}
	actions := message[len(message)-1]
	actions.Elements[0]["block_id"] = actions.ID
	text, _ := json.Marshal(map[string]any{
		"type": "block_actions", "team": map[string]any{"id": "T0SHOP0000"}, "user": map[string]any{"id": user, "team_id": "T0SHOP0000"},
		"container": map[string]any{"channel_id": "D1", "message_ts": "1.2"}, "actions": actions.Elements[:1],
		"message": map[string]any{"blocks": json.RawMessage(blocks)},
	})
	return string(text)
}

// Runbooks open a room for each incident. In a dry run each step says what it would do.
func ExampleRooms() {
	rooms := &slackapp.Rooms{App: &slackapp.App{Token: notify.NewSecret("xoxb-…")}}
	actions := map[string]automate.Action{ // Config.Actions
		"room": automate.ActionFunc(rooms.Create), "invite": automate.ActionFunc(rooms.Invite),
		"post": automate.ActionFunc(rooms.Post), "archive": automate.ActionFunc(rooms.Archive),
	}
	// rooms.Engine = engine, before it runs
	for _, name := range []string{"room", "post", "archive"} {
		result, err := actions[name].Run(context.Background(), automate.Invocation{
			Incident: "6gu527w7", DryRun: true, Args: map[string]string{"text": "Checkout is down"},
		})
		fmt.Println(result.Output, err)
	}
	// Output:
	// would create the room #inc-6gu527w7 <nil>
	// would post to #inc-6gu527w7 <nil>
	// would archive #inc-6gu527w7 <nil>
}
