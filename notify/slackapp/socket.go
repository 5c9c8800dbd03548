package slackapp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/tocsin-dev/tocsin/notify"
)

const (
	workers = 4       // clicks carried out at the same time
	waiting = 64      // clicks that wait for a worker; Slack gets no answer to more, and shows the user that the button failed
	maxRead = 1 << 20 // bytes of one message of Slack
	ackTime = 2 * time.Second
	pause   = time.Second // before a new connection after one that ended for no reason
)

// Run takes clicks over a connection to Slack (socket mode), which needs no public address, until ctx ends. It then carries out the clicks
// that Slack has an answer to, and returns nil. It connects again whenever the connection ends. An error means that no connection can
// succeed: a token or Team is missing or wrong.
func (a *App) Run(ctx context.Context, e Engine) error {
	if err := kind("app-level token", a.AppToken, "xapp-"); err != nil {
		return fmt.Errorf("slackapp: run: %w", err)
	}
	if a.Team == "" {
		return errors.New("slackapp: run: Team is missing, expected the id of the workspace, such as T012AB3CD")
	}
	a.start()
	var group sync.WaitGroup
	work := make(chan click, waiting)
	answered := context.WithoutCancel(ctx) // a click to which Slack has an answer is carried out
	for range workers {
		group.Go(func() {
			for c := range work {
				a.take(answered, e, &c)
			}
		})
	}
	defer group.Wait()
	defer close(work)
	for {
		err := a.connected(ctx, work)
		switch {
		case ctx.Err() != nil:
			return nil
		case !errors.Is(err, context.Canceled):
			return fmt.Errorf("slackapp: run: %w", judge(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// connected keeps a connection until ctx ends or no connection can succeed.
func (a *App) connected(ctx context.Context, work chan<- click) error {
	ctx, cancel := context.WithCancel(ctx)
	api := slack.New(reveal(a.Token), slack.OptionAppLevelToken(reveal(a.AppToken)), slack.OptionAPIURL(a.url()), slack.OptionHTTPClient(a.client))
	socket := socketmode.New(api, socketmode.OptionReadLimit(maxRead), socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ended := make(chan error, 1)
	go func() { ended <- socket.RunContext(ctx) }()
	defer func() {
		cancel()
		<-ended
	}()
	for {
		select {
		case err := <-ended:
			ended <- err // for the end of this function
			return err
		case ev := <-socket.Events:
			a.heard(ctx, socket, &ev, work)
		}
	}
}

// heard takes in what the connection tells. It answers Slack once the clicks wait for a worker, whatever the engine does.
func (a *App) heard(ctx context.Context, socket *socketmode.Client, ev *socketmode.Event, work chan<- click) {
	var list []click
	var err error
	switch told := ev.Data.(type) {
	case slack.InteractionCallback:
		list, err = clicks(&told)
	case slack.SlashCommand:
		list, err = commanded(&told)
	case *socketmode.ErrorBadMessage:
		a.log(ctx, "a message of Slack was refused", "error", errPayload)
	case *slack.ConnectionErrorEvent:
		a.log(ctx, "no connection to Slack", "error", notify.Public(told.ErrorObj), "again in", told.Backoff)
	}
	if err != nil {
		a.log(ctx, "a click was refused", "error", err)
	}
	for _, c := range list {
		select {
		case work <- c:
		default:
			a.log(ctx, "a click was refused", "user", c.user, "incident", c.Incident, "error", "too many clicks at the same time")
			return
		}
	}
	if ev.Request == nil || ev.Request.EnvelopeID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	if err := socket.AckCtx(ctx, ev.Request.EnvelopeID, nil); err != nil {
		a.log(ctx, "Slack got no answer", "error", err)
	}
}
