package catalog

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
)

const restartAPI = `
runbooks:
  restart-api:
    owner: platform
    when: event.type == "k8s.deployment.unavailable" && service.tier > 1
    mode: auto                      # auto, approve, manual
    on: labels.deployment           # the subject: what limits and idempotency count by
    limit: {subject: 2/30m, fleet: 5/1h, cooldown: 10m}
    steps:
      - {do: restart, wait: 2m}     # Verify runs after the wait
      - {ask: "Look at the last deploy; roll back if it is younger than an hour."}
`

func TestRunbooksOfYAML(t *testing.T) {
	text, err := os.ReadFile("testdata/valid/two-teams.yaml")
	require.NoError(t, err)
	c, err := Load(files("catalog.yaml", string(text), "runbooks.yaml", restartAPI, "more.yaml", `
runbooks:
  look:
    owner: platform
    mode: manual
    owning: true
    limit: {subjects: 3/1h, concurrent: 2, masking: 4/2d}
    steps: [{check: queries, before: page, deadline: 5s, args: {zone: $labels.zone, n: "3"}}, {wait: 5m}]
`))
	require.NoError(t, err)
	assert.Equal(t, map[string]automate.Runbook{
		"restart-api": {
			Owner: "platform", When: `event.type == "k8s.deployment.unavailable" && service.tier > 1`, Mode: automate.Auto,
			On: "labels.deployment", Limit: automate.Limit{
				Subject: automate.Rate{Count: 2, Per: 30 * time.Minute}, Fleet: automate.Rate{Count: 5, Per: time.Hour},
				Cooldown: 10 * time.Minute,
			},
			Steps: []automate.Step{
				{Do: "restart", Wait: 2 * time.Minute}, {Ask: "Look at the last deploy; roll back if it is younger than an hour."},
			},
		},
		"look": {
			Owner: "platform", Mode: automate.Manual, Owning: true, Limit: automate.Limit{
				Subjects: automate.Rate{Count: 3, Per: time.Hour}, Concurrent: 2, Masking: automate.Rate{Count: 4, Per: 48 * time.Hour},
			},
			Steps: []automate.Step{
				{Check: "queries", BeforePage: true, Deadline: 5 * time.Second, Args: map[string]string{"zone": "$labels.zone", "n": "3"}},
				{Wait: 5 * time.Minute},
			},
		},
	}, c.Runbooks)

	compiled, err := c.Compile()
	require.NoError(t, err)
	assert.Equal(t, []string{"queries", "restart"}, compiled.Actions())
	class, _ := compiled.Class("k8s.deployment.unavailable")
	book := compiled.Runbook(class.Runbook)
	require.NotNil(t, book)
	assert.Equal(t, "restart-api", book.Name)
	assert.Equal(t, "look", compiled.Runbook("look").Name)
	assert.Nil(t, compiled.Runbook("https://wiki/lag"))
	assert.Empty(t, c.Runbooks["look"].Name, "the catalog stays as it was")

	e := &event.Event{Type: class.Name}
	books, errs := compiled.Runbooks(compiled.Facts(e, class.Service, "platform"))
	assert.Equal(t, []*automate.Runbook{book}, books)
	assert.Empty(t, errs)
	stuck, _ := compiled.Class("payments.payout.stuck")
	books, _ = compiled.Runbooks(compiled.Facts(&event.Event{Type: stuck.Name}, stuck.Service, "payments"))
	assert.Empty(t, books)
}

func TestWhichRunbooksAnEventCallsFor(t *testing.T) {
	c := whole()
	steps := []automate.Step{{Do: "x"}}
	c.Runbooks = map[string]automate.Runbook{
		"c": {Owner: "shop", Name: "another", When: `true`, Steps: steps},
		"a": {Owner: "shop", When: `service.name == "db"`, Mode: automate.Auto, Steps: steps},
		"b": {Owner: "shop", When: `event.data["load"] > 1.0`, Mode: automate.Auto, Steps: steps},
		"d": {Owner: "shop", When: `true`, Mode: automate.Manual, Steps: steps},
		"e": {Owner: "shop", Mode: automate.Manual, Steps: steps},
	}
	compiled, err := c.Compile()
	require.NoError(t, err)
	class, _ := compiled.Class("db.down")
	called := func(data map[string]any) (names []string) {
		facts := compiled.Facts(&event.Event{Type: class.Name, Data: data}, class.Service, "shop")
		books, _ := compiled.Runbooks(facts)
		for _, book := range books {
			names = append(names, book.Name)
		}
		return names
	}
	assert.Equal(t, []string{"a", "b", "c"}, called(map[string]any{"load": 2.0}))
	assert.Equal(t, []string{"a", "c"}, called(nil), "b errs")
	none, err := whole().Compile()
	require.NoError(t, err)
	books, _ := none.Runbooks(none.Facts(&event.Event{Type: class.Name}, class.Service, "shop"))
	assert.Empty(t, books)
	assert.Empty(t, none.Actions())
	assert.Nil(t, none.Runbook(""))
}
