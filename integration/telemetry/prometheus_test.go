package telemetry_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.yaml.in/yaml/v3"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// families are the names that Prometheus sees, with the labels of each.
type families map[string]map[string]bool

// exported plays a story in which everything happens that is counted, and returns what the exporter shows of it.
func exported(t *testing.T) families {
	t.Helper()
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	require.NoError(t, err)
	c := checkout()
	c.Routes = append([]catalog.Route{{ID: "amount", When: `event.data.amount > 5`, Plan: "loud"}}, c.Routes...)
	synctest.Test(t, func(t *testing.T) {
		bell, err := tocsin.New(&tocsin.Config{
			Store: damaged{memory.New()}, DeadMan: tocsin.DeadMan{URL: notify.NewSecret("https://watch.example/x"), Client: &http.Client{Transport: unreachable{}}},
			Catalog: c, MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter)),
			Actions: map[string]automate.Action{"restart": automate.ActionFunc(
				func(context.Context, automate.Invocation) (automate.Result, error) {
					return automate.Result{}, errReset
				},
			)},
			Notifiers: map[string]notify.Notifier{
				"sms": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil }),
				"slack": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
					return notify.Receipt{}, notify.Permanent(errReset)
				}),
			},
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- bell.Run(ctx) }()
		require.NoError(t, bell.Submit(t.Context(), event.Event{Type: "pay.stuck", Severity: severity.Critical}))
		pass(time.Minute)
		open, err := bell.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		require.Error(t, bell.DoAs(t.Context(), respond.Viewer{}, respond.Acknowledge{Incident: open[0].ID}))
		require.NoError(t, bell.Do(t.Context(), respond.Acknowledge{Incident: open[0].ID, By: "ben"}))
		require.NoError(t, bell.Do(t.Context(), respond.Resolve{Incident: open[0].ID, By: "ben", Alerts: true, Override: "done"}))
		pass(time.Minute)
		damagedRows, err := bell.Unreadable(t.Context(), "")
		require.NoError(t, err)
		require.Len(t, damagedRows, 1)
		cancel()
		require.NoError(t, <-done)
	})
	gathered, err := registry.Gather()
	require.NoError(t, err)
	out := families{}
	for _, f := range gathered {
		labels := map[string]bool{}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		if strings.HasPrefix(f.GetName(), "tocsin_") {
			out[f.GetName()] = labels
		}
	}
	return out
}

// damaged is a store with a row that cannot be read.
type damaged struct{ store.Store }

func (d damaged) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	if q.Kind == "ledger" && q.After != "" {
		return nil, nil
	}
	rows, err := d.Store.Read(ctx, q)
	if q.Kind == "ledger" {
		key := store.Key{Kind: "ledger", ID: "restart"}
		rows = append(rows, store.Snapshot{Key: key, Version: 1, Rec: store.NewUnreadable(1, []byte("{"), errReset), Cursor: "1"})
	}
	return rows, err
}

// unreachable is a network that leads nowhere.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, errReset }

var (
	metricName = regexp.MustCompile(`tocsin_[a-z_]+`)
	selector   = regexp.MustCompile(`(tocsin_[a-z_]+)\{([^}]*)\}`)
	grouping   = regexp.MustCompile(`by \(([^)]*)\)`)
	matcher    = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	histogram  = regexp.MustCompile(`_(bucket|count|sum)$`)
)

// family takes off what one series of a histogram adds to its name.
func (fs families) family(name string) (string, bool) {
	if _, ok := fs[name]; ok {
		return name, true
	}
	name = histogram.ReplaceAllString(name, "")
	_, ok := fs[name]
	return name, ok
}

// check holds an expression to what is there, and notes which families it uses.
func (fs families) check(t *testing.T, where, expr string, used map[string]bool) {
	t.Helper()
	labels := map[string]bool{"le": true}
	for _, name := range metricName.FindAllString(expr, -1) {
		family, ok := fs.family(name)
		if assert.True(t, ok, "%s: no instrument becomes %s", where, name) {
			used[family] = true
			maps.Copy(labels, fs[family])
		}
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		family, _ := fs.family(m[1])
		for _, label := range matcher.FindAllStringSubmatch(m[2], -1) {
			assert.True(t, fs[family][label[1]], "%s: %s has no label %s", where, family, label[1])
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(m[1], ",") {
			assert.True(t, labels[strings.TrimSpace(label)], "%s: nothing has the label %s", where, label)
		}
	}
}

// TestNames: the names that docs/telemetry.md gives are those that there are, and the page, the dashboard and the rules use
// no other.
func TestNames(t *testing.T) {
	have := exported(t)
	t.Run("page", func(t *testing.T) {
		page, err := os.ReadFile("../../docs/telemetry.md")
		require.NoError(t, err)
		named := regexp.MustCompile("`(tocsin_[a-z_]+)`").FindAllStringSubmatch(string(page), -1)
		var names []string
		for _, m := range named {
			names = append(names, m[1])
		}
		slices.Sort(names)
		assert.Equal(t, slices.Sorted(maps.Keys(have)), slices.Compact(names))
	})
	t.Run("dashboard", func(t *testing.T) {
		used := map[string]bool{}
		for _, p := range readDashboard(t).Panels {
			for _, target := range p.Targets {
				have.check(t, p.Title, target.Expr, used)
			}
		}
		assert.Equal(t, slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(used)), "every metric has a panel")
	})
	t.Run("rules", func(t *testing.T) {
		for _, g := range readRules(t).Groups {
			for _, r := range g.Rules {
				have.check(t, r.Alert, r.Expr, map[string]bool{})
			}
		}
	})
}

type dashboard struct {
	UID           string
	Title         string
	SchemaVersion int
	Templating    struct {
		List []struct{ Name, Type, Query string }
	}
	Panels []panel
}

type panel struct {
	ID         int
	Type       string
	Title      string
	Datasource struct{ Type, UID string }
	GridPos    struct{ H, W, X, Y int }
	Targets    []struct{ RefID, Expr string }
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("../../docs/telemetry/grafana-dashboard.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

// TestDashboard: it has what Grafana needs to import it, and its panels neither overlap nor leave the grid.
func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	assert.NotEmpty(t, d.UID)
	assert.NotEmpty(t, d.Title)
	assert.Positive(t, d.SchemaVersion)
	require.Len(t, d.Templating.List, 1)
	assert.Equal(t, "datasource", d.Templating.List[0].Type)
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		assert.False(t, ids[p.ID], "id %d stands twice", p.ID)
		ids[p.ID] = true
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, taken[cell], "%s lies on it", p.Title)
				taken[cell] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		assert.Contains(t, []string{"timeseries", "stat"}, p.Type)
		assert.Equal(t, "${datasource}", p.Datasource.UID)
		require.NotEmpty(t, p.Targets, p.Title)
		refs := map[string]bool{}
		for _, target := range p.Targets {
			assert.False(t, refs[target.RefID], "%s: two queries %s", p.Title, target.RefID)
			refs[target.RefID] = true
			balanced(t, target.Expr)
		}
	}
}

type rules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr         string
			For                 time.Duration
			Labels, Annotations map[string]string
		}
	}
}

func readRules(t *testing.T) rules {
	t.Helper()
	file, err := os.Open("../../docs/telemetry/alert-rules.yaml")
	require.NoError(t, err)
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var r rules
	require.NoError(t, decoder.Decode(&r))
	return r
}

// TestRules: every rule has a name of its own, says how bad it is in a word that tocsin's intake knows, and has a summary.
func TestRules(t *testing.T) {
	names := map[string]bool{}
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			assert.False(t, names[r.Alert], r.Alert)
			names[r.Alert] = true
			var level severity.Level
			require.NoError(t, level.UnmarshalText([]byte(r.Labels["severity"])), r.Alert)
			assert.NotEmpty(t, r.Annotations["summary"], r.Alert)
			balanced(t, r.Expr)
		}
	}
	assert.Len(t, names, 12)
}

// balanced finds brackets that an edit has left open; the grammar itself is for promtool.
func balanced(t *testing.T, expr string) {
	t.Helper()
	closes := map[rune]rune{'(': ')', '[': ']', '{': '}'}
	var open []rune
	for _, c := range expr {
		if end, ok := closes[c]; ok {
			open = append(open, end)
		} else if strings.ContainsRune(")]}", c) {
			require.True(t, len(open) > 0 && open[len(open)-1] == c, expr)
			open = open[:len(open)-1]
		}
	}
	assert.Empty(t, open, expr)
}
