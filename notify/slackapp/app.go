package slackapp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// App is an app of Slack in one workspace. Token is enough to send. It is safe for concurrent use. Do not change its fields after the first
// use, and do not copy it.
type App struct {
	// Token is the token of the bot, xoxb-…, with the scope chat:write. Required.
	Token notify.Secret
	// SigningSecret is that of the app. [App.Handler] requires it.
	SigningSecret notify.Secret
	// AppToken is an app-level token, xapp-…, with the scope connections:write. [App.Run] requires it.
	AppToken notify.Secret
	// Team is the id of the workspace, T…. Clicks are refused without it, and so are those of members of other workspaces.
	Team string
	// Room is the id of the channel for messages without an address, C….
	Room string
	// Channel is the name of the channel in the catalog. Defaults to slack.
	Channel string
	// Handles lets a click count as the person whose contact is the handle of the user, such as slack:@ana. Members of a workspace may
	// change their handles, and so could answer as somebody else. Without it only member ids count.
	Handles bool
	// Tenants are the tenants whose incidents may be acknowledged here. A slash command declares in the first one. nil: only the tenant
	// without a name.
	Tenants []string
	// URL of the API of Slack. Defaults to https://slack.com/api/.
	URL string
	// Client defaults to one that times out after 10 seconds. Redirects are not followed, with any client.
	Client *http.Client
	// Logger receives the clicks that were refused, and faults of the connection. Defaults to [slog.DiscardHandler].
	Logger *slog.Logger

	once   sync.Once
	client *http.Client
	api    *slack.Client
	seen   replays
}

// Engine answers for the incidents. [github.com/tocsin-dev/tocsin.Engine] implements it, and documents the methods.
type Engine interface {
	Known(name escalate.PersonID) (escalate.PersonID, bool)
	Incident(ctx context.Context, id string) (incident.Incident, error)
	Incidents(ctx context.Context, q tocsin.Query) ([]incident.Incident, error)
	DoAs(ctx context.Context, v respond.Viewer, c respond.Command) error
}

var (
	_ notify.Notifier = (*App)(nil)
	_ notify.Checker  = (*App)(nil)
)

// Check returns an error if the token is missing or of another kind, or the URL malformed.
func (a *App) Check() error {
	if u, err := url.Parse(a.url()); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("the URL is malformed, expected http or https and a host, as in " + slack.APIURL)
	}
	return kind("token of the bot", a.Token, "xoxb-")
}

// kind checks that a secret is there and begins as its kind does.
func kind(what string, secret notify.Secret, prefix string) error {
	switch text := reveal(secret); {
	case text == "":
		return fmt.Errorf("the %s is missing, expected one that begins with %s", what, prefix)
	case !strings.HasPrefix(text, prefix):
		return fmt.Errorf("the %s is malformed, expected one that begins with %s", what, prefix)
	}
	return nil
}

// reveal returns a secret without the white space around it: one that was read from a file ends in a line break.
func reveal(secret notify.Secret) string { return strings.TrimSpace(secret.Reveal()) }

func (a *App) url() string { return cmp.Or(strings.TrimSpace(a.URL), slack.APIURL) }

// start makes what all calls share.
func (a *App) start() {
	a.once.Do(func() {
		client := http.Client{Timeout: 10 * time.Second}
		if a.Client != nil {
			client = *a.Client
		}
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		a.client = &client
		a.api = slack.New(reveal(a.Token), slack.OptionAPIURL(a.url()), slack.OptionHTTPClient(&wire{&client}))
	})
}

func (a *App) log(ctx context.Context, text string, args ...any) {
	if a.Logger != nil {
		a.Logger.WarnContext(ctx, "slackapp: "+text, args...)
	}
}
