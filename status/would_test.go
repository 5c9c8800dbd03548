package status_test

import (
	"context"
	"net/http"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
)

// shopIntakes are the intakes of a shop: one that gives events the tenant acme, one with a mapping, and others.
var shopIntakes = map[string]func(intake.Submitter) http.Handler{
	"alertmanager": func(to intake.Submitter) http.Handler {
		return intake.Alertmanager(acme{to}, &intake.Endpoint{Name: "app", Bearer: intake.Secrets{"token"}})
	},
	"peers": func(to intake.Submitter) http.Handler {
		return intake.Alertmanager(to, &intake.Endpoint{Name: "peers", Bearer: intake.Secrets{"token"}})
	},
	"orders": func(to intake.Submitter) http.Handler {
		h, err := intake.JSON(to, &intake.Endpoint{Name: "orders", Bearer: intake.Secrets{"token"}}, &intake.Mapping{
			Type: "body.type", Severity: `body.?severity.orValue("")`, Summary: `body.?summary.orValue("")`, Subject: `body.?subject.orValue("")`,
		})
		if err != nil {
			panic(err)
		}
		return h
	},
	"beats": func(to intake.Submitter) http.Handler {
		return intake.Heartbeat(to, &intake.Endpoint{Name: "beats", Bearer: intake.Secrets{"token"}})
	},
}

// acme gives events their tenant.
type acme struct{ intake.Submitter }

func (a acme) Submit(ctx context.Context, events ...event.Event) error {
	for i := range events {
		events[i].Tenant = "acme"
	}
	return a.Submitter.Submit(ctx, events...)
}
