package tocsin_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// checked is a notifier that looks at its configuration.
type checked struct {
	inbox
	fault error
}

func (c *checked) Check() error { return c.fault }

// tool is an action.
type tool struct{}

func (*tool) Run(context.Context, automate.Invocation) (automate.Result, error) {
	return automate.Result{}, nil
}

// misconfigured returns the error of New for the catalog of twoLevels and its notifiers, after a change.
func misconfigured(change func(*tocsin.Config)) func() error {
	return func() error {
		c := &tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}}
		change(c)
		_, err := tocsin.New(c)
		return err
	}
}

// misdecided is misconfigured for a change of the catalog.
func misdecided(change func(*catalog.Catalog)) func() error {
	return misconfigured(func(c *tocsin.Config) { change(c.Catalog) })
}

// written returns the error of Load for a catalog of which one line differs.
func written(instead, line string) func() error {
	const text = `version: 1
defaults: {owner: payments, plan: loud}
people: {ana: {contacts: [sms:1]}}
teams: {payments: {members: [ana]}}
services: {checkout: {owner: payments, tier: 1}}
classes: {pay.slow: {service: checkout}}
plans: {loud: {policy: one}}
policies: {one: {levels: [{page: [owner], wait: 5m}]}}
`
	return func() error {
		_, err := catalog.Load(fstest.MapFS{"catalog.yaml": &fstest.MapFile{Data: []byte(strings.Replace(text, instead, line, 1))}})
		return err
	}
}

// TestWrongConfigurations holds that a wrong configuration is told before the first event: what is wrong, where, and what was
// expected.
func TestWrongConfigurations(t *testing.T) {
	var noInbox *inbox
	var noTool *tool
	var noStore *memory.Store
	for _, tt := range []struct {
		name  string
		start func() error
		want  string
	}{
		{"nothing at all", func() error { _, err := tocsin.New(nil); return err }, `tocsin: config: channel "default" has no notifier, expected one in Notifiers, or Notifier`},
		{"a channel without notifier", misconfigured(func(c *tocsin.Config) { delete(c.Notifiers, "slack") }), `tocsin: config: channel "slack" has no notifier, expected one in Notifiers`},
		{"a nil notifier", misconfigured(func(c *tocsin.Config) { c.Notifiers["sms"] = nil }), `tocsin: config: notifier "sms" is nil, expected a notifier`},
		{"a notifier that is a nil pointer", misconfigured(func(c *tocsin.Config) { c.Notifiers["sms"] = noInbox }), `tocsin: config: notifier "sms" is nil, expected a notifier`},
		{"a notifier that is a nil function", misconfigured(func(c *tocsin.Config) { c.Notifiers["sms"] = notify.NotifierFunc(nil) }), `tocsin: config: notifier "sms" is nil, expected a notifier`},
		{"Notifier is a nil pointer", func() error { _, err := tocsin.New(&tocsin.Config{Notifier: noInbox}); return err }, `tocsin: config: Notifier is nil, expected a notifier`},
		{"a notifier without an address", func() error {
			_, err := tocsin.New(&tocsin.Config{Notifier: &checked{fault: errors.New("slack: the URL is missing, expected that of a webhook")}})
			return err
		}, `tocsin: config: Notifier: slack: the URL is missing, expected that of a webhook`},
		{"Notifier beside one of the same name", misconfigured(func(c *tocsin.Config) {
			c.Notifier, c.Notifiers["default"] = &inbox{}, &inbox{}
		}), `tocsin: config: Notifier beside a notifier named "default", expected one of them`},
		{"Notifier of which the catalog knows nothing", misconfigured(func(c *tocsin.Config) { c.Notifier = &inbox{} }), `tocsin: config: Notifier sends over the channel "default", which Catalog does not name, expected Notifiers, or the target channel:default in a level`},
		{"an action that is a nil pointer", misconfigured(func(c *tocsin.Config) { c.Actions = map[string]automate.Action{"restart": noTool} }), `tocsin: config: action "restart" is nil, expected an action`},
		{"a store that is a nil pointer", misconfigured(func(c *tocsin.Config) { c.Store = noStore }), `tocsin: config: Store is a nil *memory.Store, expected a store, or no Store for one in memory`},
		{"a class that the catalog does not name", misconfigured(func(c *tocsin.Config) {
			c.Catalog.Classes = append(c.Catalog.Classes, event.Class{Name: "payout.stuck"})
			c.Classes = []event.Class{{Name: "pay.slow"}, {Name: "payout.stcuk"}}
		}), `tocsin: config: Classes: class "payout.stcuk" is not in the catalog, expected a class of this name or one above it, did you mean "payout.stuck"?`},
		{"a class without catalog whose name is none", func() error {
			_, err := tocsin.New(&tocsin.Config{Notifier: &inbox{}, Classes: []event.Class{{Name: "pay slow"}}})
			return err
		}, `catalog: class "pay slow": expected dotted words, or dotted words and a final ".*"`},
		{"a negative StopWithin", misconfigured(func(c *tocsin.Config) { c.StopWithin = -time.Second }), "tocsin: config: StopWithin -1s, expected no negative duration"},
		{"a short Keep", misconfigured(func(c *tocsin.Config) { c.Keep = time.Hour }), "tocsin: config: Keep 1h0m0s, expected at least 24h0m0s"},
		{"Strict without a catalog", func() error {
			_, err := tocsin.New(&tocsin.Config{Notifier: &inbox{}, Strict: true})
			return err
		}, "tocsin: config: Strict without Catalog, expected a catalog to vet"},
		{"Strict beside a catalog with findings", misconfigured(func(c *tocsin.Config) {
			c.Strict, c.Catalog.Classes = true, []event.Class{{Name: "pay.slow", Service: "checkout"}}
		}), `tocsin: config: Strict: class "pay.slow": pages by plan "loud" and names no runbook, expected where it says what to do (no-runbook)`},
		{"an owner that is no team", misdecided(func(c *catalog.Catalog) { c.Defaults.Owner = "paymnets" }), `catalog: defaults: team "paymnets" does not exist, expected one of payments, did you mean "payments"?`},
		{"a level that names nobody", misdecided(func(c *catalog.Catalog) {
			c.Policies["two"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"person:cho"}}}}
		}), `catalog: policy "two": level 1: person "cho" does not exist, expected one of ana, ben`},
		{"a runbook whose action is missing", misdecided(func(c *catalog.Catalog) {
			c.Runbooks = map[string]automate.Runbook{"again": {Owner: "payments", Mode: automate.Manual, Steps: []automate.Step{{Do: "restart"}}}}
		}), `tocsin: config: action "restart", which a runbook calls, is missing, expected it in Actions`},
		{"a plan by priority that is missing", misdecided(func(c *catalog.Catalog) {
			c.Classes[0].Plans = map[severity.Priority]string{severity.P1: "lout"}
		}), `catalog: class "pay.*": plan for P1 "lout" does not exist, expected one of loud, did you mean "loud"?`},
		{"a required field that no event has", misdecided(func(c *catalog.Catalog) { c.Classes[0].Require = []string{"merchant"} }), `catalog: class "pay.*": required field "merchant", expected id, source, type, subject, summary, labels.NAME or data.NAME`},
		{"a rule that does not compile", misdecided(func(c *catalog.Catalog) {
			c.Routes = []catalog.Route{{ID: "night", When: `event.typ == "x"`}}
		}), `catalog: routes: rule "night", line 1, column 6: undefined field 'typ'`},
		{"a level without wait", written("wait: 5m", "wait: 0s"), `catalog.yaml:8:49: policy "one": level 1: wait: found "0s", expected a duration above zero; to page both at once, put both targets in one level`},
		{"an alert that goes quiet at once", written("{service: checkout}", "{service: checkout, stale_after: 0s}"), `catalog.yaml:6:54: class "pay.slow": stale_after: found "0s", expected a duration above zero, such as 30m or 7d, or never`},
		{"a field that is misspelt", written("tier: 1", "teir: 1"), `catalog.yaml:5:40: service "checkout": field "teir" is unknown, expected one of owner, tier, needs, tags, name, impaired, did you mean "tier"?`},
		{"a severity word that is no severity", written("plans:", "severities: {prod: {page: sever}}\nplans:"), `catalog.yaml:7:27: intake "prod": word "page": found "sever", expected info, warning, error or critical`},
		{"a directory that is missing", func() error { _, err := catalog.Load(os.DirFS("testdata/nowhere")); return err }, `catalog: directory "testdata/nowhere": no such file or directory, expected .yaml or .yml files in it`},
		{"a directory without a catalog", func() error {
			_, err := catalog.Load(fstest.MapFS{"readme.md": &fstest.MapFile{}})
			return err
		}, `catalog: directory ".": it holds no catalog, expected .yaml or .yml files in it`},
		{"no file system", func() error { _, err := catalog.Load(nil); return err }, `catalog: the file system is nil, expected one such as os.DirFS("/etc/tocsin")`},
		{"two rules of one name", func() error {
			_, err := route.Compile([]route.Rule[int]{{ID: "a", When: "true"}, {ID: "a", When: "true"}}, nil)
			return err
		}, `rule "a"`},
		{"a mapping without a type", func() error {
			_, err := intake.JSON(&tocsin.Engine{}, nil, &intake.Mapping{Summary: "body.title"})
			return err
		}, "intake: mapping: type: missing, expected an expression"},
		{"a mapping that does not compile", func() error {
			_, err := intake.JSON(&tocsin.Engine{}, nil, &intake.Mapping{Type: "bdy.kind"})
			return err
		}, `bdy`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.start()
			require.ErrorContains(t, err, tt.want)
			t.Log(err)
		})
	}
}

// TestNewRefusesWhatCannotRun: the error of New joins all faults.
func TestNewRefusesWhatCannotRun(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config tocsin.Config
		want   string
	}{
		{"a bad catalog", tocsin.Config{Catalog: &catalog.Catalog{}, StopWithin: -1}, "catalog: defaults: owner is missing, expected the team that owns what nobody else does\n" +
			"catalog: defaults: plan is missing, expected the plan for what names none\n" +
			"tocsin: config: StopWithin -1ns, expected no negative duration"},
		{"two channels without notifier", tocsin.Config{Catalog: twoLevels()}, `tocsin: config: channel "slack" has no notifier, expected one in Notifiers` + "\n" +
			`tocsin: config: channel "sms" has no notifier, expected one in Notifiers`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tocsin.New(&tt.config)
			require.EqualError(t, err, tt.want)
		})
	}
}

// TestClassesBesideACatalog: they are those that the program uses, and Reload holds a new catalog to them.
func TestClassesBesideACatalog(t *testing.T) {
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: twoLevels(), Classes: []event.Class{{Name: "pay.slow"}, {Name: "log.error"}},
		Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}},
	})
	require.NoError(t, err)
	next := twoLevels()
	next.Classes = []event.Class{{Name: "pay.slwo", Service: "checkout"}}
	require.EqualError(t, bell.Reload(next), `tocsin: reload: the current catalog stays: tocsin: config: Classes: class "pay.slow" is not in the catalog, `+
		`expected a class of this name or one above it, did you mean "pay.slwo"?`)
}

func TestIncidentsRefusesUnknownWords(t *testing.T) {
	bell, err := tocsin.New(&tocsin.Config{Notifier: &inbox{}})
	require.NoError(t, err)
	for _, tt := range []struct {
		name  string
		query tocsin.Query
		want  string // empty: it is answered
	}{
		{"every phase", tocsin.Query{}, ""},
		{"a phase", tocsin.Query{Phase: incident.Monitoring}, ""},
		{"an unknown phase", tocsin.Query{Phase: "open"}, `tocsin: incidents: phase "open", expected one of [triage active monitoring resolved closed declined cancelled], or none for all`},
		{"a limit below zero", tocsin.Query{Limit: -1}, "tocsin: incidents: limit -1, expected none below zero"},
		{"open and a phase", tocsin.Query{Open: true, Phase: incident.Active}, `tocsin: incidents: open and phase "active", expected one of them`},
		{"an unknown priority", tocsin.Query{Priority: 6}, "tocsin: incidents: priority 6, expected 1 to 5, or 0 for all"},
		{"a long text", tocsin.Query{Text: strings.Repeat("x", 256)}, "tocsin: incidents: text of 256 bytes, expected at most 255"},
		{
			"a time that ends before it begins",
			tocsin.Query{From: time.Unix(60, 0).UTC(), To: time.Unix(0, 0).UTC()},
			"tocsin: incidents: from 1970-01-01T00:01:00Z to 1970-01-01T00:00:00Z, expected an earlier from",
		},
		{"two faults", tocsin.Query{Phase: "gone", Limit: -1}, `tocsin: incidents: phase "gone", expected one of [triage active monitoring resolved closed declined cancelled], or none for all
tocsin: incidents: limit -1, expected none below zero`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := bell.Incidents(t.Context(), tt.query)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestStrict(t *testing.T) {
	c := twoLevels()
	c.Classes = []event.Class{{Name: "pay.slow", Service: "checkout", Runbook: "https://wiki.example/slow"}}
	config := &tocsin.Config{Catalog: c, Strict: true, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}}
	bell, err := tocsin.New(config)
	require.NoError(t, err)
	next := twoLevels()
	next.Classes = []event.Class{{Name: "pay.slow", Service: "checkout"}}
	require.ErrorContains(t, bell.Reload(next), `tocsin: reload: the current catalog stays: tocsin: config: Strict: class "pay.slow": pages by plan "loud"`)
}

// down is a store that does not answer.
type down struct{ *memory.Store }

var errDown = errors.New("no answer")

func (down) Claim(context.Context, store.ClaimRequest) (store.Claimed, error) {
	return store.Claimed{}, errDown
}

func (down) Update(context.Context, store.Scope, func(store.View) (store.Batch, store.Need, error)) error {
	return errDown
}

// TestLogGoesToTheDefaultLogger: an engine without a Logger writes to the logger that is the default at that time. A log handler
// that makes events of errors makes none of the engine's own.
func TestLogGoesToTheDefaultLogger(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{}
		bell, err := tocsin.New(&tocsin.Config{Notifier: in, Store: down{memory.New()}})
		require.NoError(t, err)
		var text bytes.Buffer
		slog.SetDefault(slog.New(intake.Slog(bell, slog.NewTextHandler(&text, nil))))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- bell.Run(ctx) }()
		time.Sleep(3 * time.Second)
		stop()
		require.NoError(t, <-done)
		assert.Contains(t, text.String(), "tocsin: due work failed; retrying")
		assert.NotContains(t, text.String(), "an offered event is lost", "an error of the engine became an event")
	})
}
