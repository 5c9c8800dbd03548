package tocsin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// DeadMan is a dead-man's switch: a service outside that raises the alarm when it is no longer called, such as healthchecks.io. Run
// calls the URL once a minute, by GET, while Health returns nil and no deadline is more than 30 seconds late. Otherwise it is silent. Let
// the service wait for three minutes. A call that fails is logged and counted; it stops nothing.
type DeadMan struct {
	URL notify.Secret // http or https; defaults to none, and nothing is called
	// Client defaults to a client that connects to public addresses only, ignores the proxy variables of the environment and times out
	// after 10 seconds. Set a client to reach a service in a private network. Redirects are not followed, with any client.
	Client *http.Client
}

// beatEvery is the pause between two calls of the dead-man's switch.
const beatEvery = time.Minute

func (d *DeadMan) check() error {
	switch {
	case d.URL.Reveal() != "":
		return outbound.CheckURL(d.URL.Reveal())
	case d.Client != nil:
		return errors.New("a Client without URL, expected the URL to call")
	}
	return nil
}

// beat calls the dead-man's switch until ctx ends. It logs the first of several failures.
func (e *Engine) beat(ctx context.Context) {
	var sender outbound.Sender
	failing := false
	for next := time.Now().Add(beatEvery); pause(ctx, time.Until(next)); next = next.Add(beatEvery) {
		if e.health.fault() != nil || e.health.late() {
			e.tel.Beat(ctx, "withheld", "")
			continue
		}
		answer, err := sender.Get(ctx, e.DeadMan.Client, e.DeadMan.URL.Reveal())
		if err == nil {
			err = answer.Err()
		}
		switch {
		case ctx.Err() != nil:
		case err == nil:
			e.tel.Beat(ctx, "ok", "")
			failing = false
		default:
			e.tel.Beat(ctx, "failed", "call")
			if !failing {
				e.log(ctx, slog.LevelError, "the dead-man's switch could not be called; trying again each minute", "error", err)
			}
			failing = true
		}
	}
}
