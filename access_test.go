package tocsin_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// With these, pages have links.
const bellURL = "https://bell.example"

var linkKey = bytes.Repeat([]byte{7}, 32)

// doors is an engine with an incident of tenant a and one without a tenant.
type doors struct {
	*tocsin.Engine
	count       *meters.Provider
	log         *bytes.Buffer
	own, others string // ids: of no tenant, of tenant a
	stop        func()
}

func open(t *testing.T, authorize func(context.Context, respond.Viewer, respond.Command, respond.About) error) *doors {
	t.Helper()
	c := twoLevels()
	c.People["zoe"] = catalog.Person{Contacts: []escalate.Contact{"slack:@zoe"}, Aka: []string{"zoe.z"}}
	d := &doors{count: meters.New(), log: &bytes.Buffer{}, own: inc("pay.x/checkout#1"), others: incOf("a", "pay.x/checkout#1")}
	in := &inbox{}
	var err error
	d.Engine, err = tocsin.New(&tocsin.Config{
		Catalog: c, Notifiers: map[string]notify.Notifier{"slack": in, "sms": in}, MeterProvider: d.count, Authorize: authorize,
		Logger: slog.New(slog.NewTextHandler(d.log, nil)),
	})
	require.NoError(t, err)
	d.stop = run(t, d.Engine)
	foreign := critical("x")
	foreign.Tenant = "a"
	require.NoError(t, d.Submit(t.Context(), critical("x"), foreign))
	settle(time.Second)
	return d
}

// refusals counts the forbidden commands by need.
func (d *doors) refusals(command string, need respond.Need) int64 {
	return d.count.Count("tocsin.access.refusals", "command", command, "error.type", string(need))
}

func (d *doors) timeline(t *testing.T, id string) string {
	t.Helper()
	entries, err := d.Timeline(t.Context(), id)
	require.NoError(t, err)
	var all []string
	for i := range entries {
		all = append(all, entries[i].Line(entries[0].At))
	}
	return strings.Join(all, "\n")
}

// TestDoAs: what a viewer may not give is refused, counted and logged before the engine looks at it, and leaves no trace in the incident.
func TestDoAs(t *testing.T) {
	ana, zoe := respond.Viewer{Person: "ana"}, respond.Viewer{Person: "zoe"}
	for _, tt := range []struct {
		name    string
		viewer  respond.Viewer
		command func(*doors) respond.Command
		need    respond.Need // empty: not forbidden
		counted string       // as which command
		want    string       // in the timeline afterwards; empty: nothing new
	}{
		{"a person acknowledges", zoe, func(d *doors) respond.Command { return respond.Acknowledge{Incident: d.own} }, "", "", "acknowledged  by zoe"},
		{"who gives it is never read from the command", zoe, func(d *doors) respond.Command {
			return respond.Acknowledge{Incident: d.own, By: "ana", Via: "page"}
		}, "", "", "acknowledged  via page  by zoe"},
		{"by another name", respond.Viewer{Person: "zoe.z"}, func(d *doors) respond.Command {
			return respond.Acknowledge{Incident: d.own}
		}, "", "", "acknowledged  by zoe"},
		{"nobody", respond.Viewer{}, func(d *doors) respond.Command { return respond.Acknowledge{Incident: d.own, By: "ana"} }, respond.NeedName, "acknowledge", ""},
		{"a machine acknowledges", respond.Viewer{Machine: "ci", Grants: []string{respond.GrantOperator}}, func(d *doors) respond.Command {
			return respond.Acknowledge{Incident: d.own}
		}, respond.NeedPerson, "acknowledge", ""},
		{"a stranger to the incident resolves", zoe, func(d *doors) respond.Command {
			return respond.Resolve{Incident: d.own, By: "ana", Override: "x"}
		}, respond.NeedResponder, "resolve", ""},
		{"who was paged resolves", ana, func(d *doors) respond.Command {
			return respond.Resolve{Incident: d.own, Alerts: true, Override: "a test"}
		}, "", "", "override: a test"},
		{"the lead of the owner team resolves", respond.Viewer{Person: "ben"}, func(d *doors) respond.Command {
			return respond.Resolve{Incident: d.own, Alerts: true, Override: "a test"}
		}, "", "", "override: a test"},
		{"a machine that operates resolves", respond.Viewer{Machine: "ci", Grants: []string{respond.GrantOperator}}, func(d *doors) respond.Command {
			return respond.Resolve{Incident: d.own, Alerts: true, Override: "a test"}
		}, "", "", "by machine:ci"},
		{"the kill switch off", ana, func(*doors) respond.Command { return respond.KillSwitch{Off: true, Because: "x"} }, respond.NeedOperator, "kill-switch", ""},
		{"a test of another's contact", zoe, func(*doors) respond.Command { return respond.SendTest{Contact: "slack:@ana"} }, respond.NeedOperator, "send-test", ""},
		{"a test of one's own contact", zoe, func(*doors) respond.Command { return respond.SendTest{Contact: "slack:@zoe"} }, "", "", ""},
		{"a dead letter", ana, func(d *doors) respond.Command {
			return respond.Resend{Letter: notify.Message{Incident: d.own, Key: "k"}}
		}, respond.NeedOperator, "resend", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, nil)
				defer d.stop()
				before := d.timeline(t, d.own)
				err := d.DoAs(t.Context(), tt.viewer, tt.command(d))
				added := strings.TrimPrefix(d.timeline(t, d.own), before)
				if tt.need == "" {
					require.NoError(t, err)
					assert.Contains(t, added, tt.want)
					assert.Zero(t, d.count.Count("tocsin.access.refusals"))
					return
				}
				var no *respond.ForbiddenError
				require.ErrorAs(t, err, &no)
				assert.Equal(t, tt.need, no.Need)
				var refused *respond.RefusedError
				require.NotErrorAs(t, err, &refused, "refused by the state is something else")
				assert.Empty(t, added)
				assert.EqualValues(t, 1, d.refusals(tt.counted, tt.need))
				assert.EqualValues(t, 1, d.count.Count("tocsin.access.refusals"))
				assert.Equal(t, 1, strings.Count(d.log.String(), "a command was forbidden"))
			})
		})
	}
}

// TestDoAsHidesOtherTenants: an incident of another tenant, one that does not exist and the id of an alert get the same answer.
func TestDoAsHidesOtherTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, nil)
		defer d.stop()
		before := d.timeline(t, d.others)
		everything := []string{respond.GrantOperator, respond.GrantApprove}
		said := map[string]bool{}
		for _, id := range []string{d.others, "k3j9x2mq", "app/pay.x", strings.Repeat("x", 600)} {
			for _, c := range []respond.Command{
				respond.Acknowledge{Incident: id}, respond.Resolve{Incident: id, Override: "x"}, respond.Resend{Letter: notify.Message{Incident: id, Key: "k"}},
			} {
				err := d.DoAs(t.Context(), respond.Viewer{Person: "ana", Grants: everything}, c)
				require.ErrorIs(t, err, tocsin.ErrNotFound, "%T %s", c, id)
				said[strings.ReplaceAll(err.Error(), id[:min(len(id), 40)], "ID")] = true
			}
		}
		assert.Len(t, said, 1, said)
		err := d.DoAs(t.Context(), respond.Viewer{Person: "ana", Grants: everything}, respond.KillSwitch{Tenant: "a", Because: "x"})
		require.ErrorIs(t, err, tocsin.ErrNotFound)
		assert.Equal(t, before, d.timeline(t, d.others))
		assert.EqualValues(t, 4, d.count.Count("tocsin.access.refusals"), "only what exists counts as refused")
		assert.EqualValues(t, 1, d.refusals("kill-switch", respond.NeedTenant))
		require.NoError(t, d.DoAs(t.Context(), respond.Viewer{Person: "ana", Tenants: []string{"a"}}, respond.Acknowledge{Incident: d.others}))
		require.ErrorIs(t, d.DoAs(t.Context(), respond.Viewer{Person: "ana", Tenants: []string{"a"}}, respond.Acknowledge{Incident: d.own}), tocsin.ErrNotFound)
	})
}

// TestAuthorize: the rule of the program replaces the default, whatever it returns, but for a machine that would have an incident.
func TestAuthorize(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rule   func() error
		viewer respond.Viewer
		need   respond.Need
	}{
		{"it allows what the default forbids", func() error { return nil }, respond.Viewer{Person: "zoe"}, ""},
		{"its own error", func() error { return errors.New("not on Sundays") }, respond.Viewer{Person: "ana"}, respond.NeedPolicy},
		{"a typed error", func() error { return &respond.ForbiddenError{Need: respond.NeedOperator} }, respond.Viewer{Person: "ana"}, respond.NeedOperator},
		{"a typed nil", func() error { var no *respond.ForbiddenError; return no }, respond.Viewer{Person: "ana"}, respond.NeedPolicy},
		{"it panics", func() error { panic("oops") }, respond.Viewer{Person: "ana"}, respond.NeedPolicy},
		{"nobody is not asked about", func() error { return nil }, respond.Viewer{}, respond.NeedName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, func(_ context.Context, _ respond.Viewer, _ respond.Command, about respond.About) error {
					assert.Equal(t, "x", about.Incident.Title)
					return tt.rule()
				})
				defer d.stop()
				err := d.DoAs(t.Context(), tt.viewer, respond.Resolve{Incident: d.own, Alerts: true, Override: "x"})
				if tt.need == "" {
					require.NoError(t, err)
					return
				}
				var no *respond.ForbiddenError
				require.ErrorAs(t, err, &no)
				assert.Equal(t, tt.need, no.Need)
				assert.NotEmpty(t, err.Error())
				got, err := d.Incident(t.Context(), d.own)
				require.NoError(t, err)
				assert.Equal(t, incident.Active, got.Phase)
			})
		})
	}
	t.Run("no rule lets a machine have an incident", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, func(context.Context, respond.Viewer, respond.Command, respond.About) error { return nil })
			defer d.stop()
			var no *respond.ForbiddenError
			require.ErrorAs(t, d.DoAs(t.Context(), respond.Viewer{Machine: "ana"}, respond.Acknowledge{Incident: d.own}), &no)
			assert.Equal(t, respond.NeedPerson, no.Need)
		})
	})
	t.Run("it sees every command as the viewer's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var seen []respond.Command
			d := open(t, func(_ context.Context, _ respond.Viewer, c respond.Command, _ respond.About) error {
				seen = append(seen, c)
				return errors.New("no")
			})
			defer d.stop()
			all := core.New().Commands()
			for _, c := range all {
				require.Error(t, d.DoAs(t.Context(), respond.Viewer{Person: "zoe.z"}, c))
			}
			require.Len(t, seen, len(all))
			for _, c := range seen {
				assert.Equal(t, escalate.PersonID("zoe"), c.Head().By, reflect.TypeOf(c).Name())
			}
		})
	})
}
