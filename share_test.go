package tocsin_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// TestShare: a person shares what the person sees, for a while; who did stands in the log, without the link.
func TestShare(t *testing.T) {
	viewer := respond.Viewer{Person: "ana", Tenants: []string{"acme", "bolt"}}
	for _, tt := range []struct {
		name               string
		viewer             respond.Viewer
		tenant, capability string
		life               time.Duration
		change             func(*tocsin.Config)
		want               string // error
		need               string // that is counted
	}{
		{"for as long as without a life", viewer, "acme", "buying", 0, nil, "", ""},
		{"for a week", viewer, "bolt", "buying", 7 * 24 * time.Hour, nil, "", ""},
		{"for longer", viewer, "acme", "buying", 7*24*time.Hour + 1, nil, "tocsin: share: a link for 168h0m0.000000001s, expected 1s to 168h0m0s", ""},
		{"for no time", viewer, "acme", "buying", -time.Hour, nil, "tocsin: share: a link for -1h0m0s, expected 1s to 168h0m0s", ""},
		{"of another tenant", viewer, "zinc", "buying", 0, nil, `tocsin: not found: capability "buying" of tenant "zinc"`, "tenant"},
		{"what is not in the catalog", viewer, "acme", "selling", 0, nil, `tocsin: not found: capability "selling" of tenant "acme"`, ""},
		{"as nobody", respond.Viewer{}, "acme", "buying", 0, nil, "nobody may not do this, expected a person who sees the tenant", "name"},
		{
			"as a machine",
			respond.Viewer{Machine: "bot", Tenants: []string{"acme"}},
			"acme", "buying", 0, nil,
			"machine:bot may not do this, expected a person who sees the tenant", "person",
		},
		{
			"without keys", viewer, "acme", "buying", 0, func(c *tocsin.Config) { c.PublicURL, c.LinkKeys = "", nil },
			"tocsin: share: Config.PublicURL and Config.LinkKeys are not set, expected both", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged bytes.Buffer
				count := meters.New()
				bell := sharing(t, func(c *tocsin.Config) {
					c.Logger, c.MeterProvider = slog.New(slog.NewTextHandler(&logged, nil)), count
					if tt.change != nil {
						tt.change(c)
					}
				})
				got, err := bell.Share(t.Context(), tt.viewer, tt.tenant, tt.capability, tt.life)
				if tt.need != "" {
					assert.EqualValues(t, 1, count.Count("tocsin.access.refusals", "command", "share", "error.type", tt.need))
				}
				if tt.want != "" {
					require.EqualError(t, err, tt.want)
					assert.Zero(t, got)
					return
				}
				require.NoError(t, err)
				if tt.life == 0 {
					tt.life = 24 * time.Hour
				}
				want := tocsin.Share{Tenant: tt.tenant, Capability: "buying", Until: time.Now().UTC().Add(tt.life).Truncate(time.Second), URL: got.URL}
				assert.Equal(t, want, got)
				assert.Contains(t, logged.String(), `msg="tocsin: a capability was shared" by=ana capability=buying tenant=`+tt.tenant)
				assert.NotContains(t, logged.String(), acklink.Prefix)
				read, err := bell.Shared(t.Context(), got.URL[len(bellURL+"/a/share/"):])
				require.NoError(t, err)
				want.URL = ""
				assert.Equal(t, want, read)
			})
		})
	}
}

// TestShared: a share link ends by time, by the catalog and by its key; each end has a name and is counted.
func TestShared(t *testing.T) {
	for _, tt := range []struct {
		name  string
		since func(t *testing.T, bell *tocsin.Engine, token string) (*tocsin.Engine, string)
		want  tocsin.LinkFault
	}{
		{"expired", func(_ *testing.T, bell *tocsin.Engine, token string) (*tocsin.Engine, string) {
			time.Sleep(24 * time.Hour)
			return bell, token
		}, tocsin.LinkExpired},
		{"the capability has gone", func(t *testing.T, bell *tocsin.Engine, token string) (*tocsin.Engine, string) {
			require.NoError(t, bell.Reload(twoLevels()))
			return bell, token
		}, tocsin.LinkEnded},
		{"another key", func(t *testing.T, _ *tocsin.Engine, token string) (*tocsin.Engine, string) {
			return sharing(t, func(c *tocsin.Config) { c.LinkKeys = [][]byte{bytes.Repeat([]byte{3}, 32)} }), token
		}, tocsin.LinkForeign},
		{"no keys", func(t *testing.T, _ *tocsin.Engine, token string) (*tocsin.Engine, string) {
			return sharing(t, func(c *tocsin.Config) { c.PublicURL, c.LinkKeys = "", nil }), token
		}, tocsin.LinkForeign},
		{"a link to acknowledge", func(_ *testing.T, bell *tocsin.Engine, _ string) (*tocsin.Engine, string) {
			return bell, acklink.New(bellURL, [][]byte{linkKey}).Token(acklink.Claims{Incident: "x", Person: "ana", Until: time.Now().Add(time.Hour)})
		}, tocsin.LinkForeign},
		{"cut short", func(_ *testing.T, bell *tocsin.Engine, token string) (*tocsin.Engine, string) {
			return bell, token[:len(token)/2]
		}, tocsin.LinkTruncated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bell := sharing(t, func(*tocsin.Config) {})
				made, err := bell.Share(t.Context(), respond.Viewer{Person: "ana"}, "", "buying", 0)
				require.NoError(t, err)
				asked, token := tt.since(t, bell, made.URL[len(bellURL+"/a/share/"):])
				got, err := asked.Shared(t.Context(), token)
				var bad *tocsin.LinkError
				require.ErrorAs(t, err, &bad)
				assert.Equal(t, tt.want, bad.Fault)
				assert.Zero(t, got)
				_, err = asked.Link(t.Context(), made.URL[len(bellURL+"/a/share/"):])
				require.ErrorAs(t, err, &bad, "a share link acknowledges nothing")
				assert.Equal(t, tocsin.LinkForeign, bad.Fault)
			})
		})
	}
}

// sharing returns an engine that does not run, whose catalog has the capability buying.
func sharing(t *testing.T, change func(*tocsin.Config)) *tocsin.Engine {
	t.Helper()
	c := twoLevels()
	c.Capabilities = map[string]catalog.Capability{"buying": {Services: []string{"checkout"}}}
	silent := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })
	config := &tocsin.Config{
		Catalog: c, PublicURL: bellURL, LinkKeys: [][]byte{linkKey}, Logger: slog.New(slog.DiscardHandler),
		Notifiers: map[string]notify.Notifier{"slack": silent, "sms": silent},
	}
	change(config)
	bell, err := tocsin.New(config)
	require.NoError(t, err)
	return bell
}
