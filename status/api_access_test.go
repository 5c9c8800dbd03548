package status_test

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// apiColumns are the viewers of the tables, in their order.
var apiColumns = []string{"nobody", "stranger", "person", "owner", "operator", "approver", "machine"}

// apiAccess has the status of the answer to a good request of every route, by viewer. The stranger sees another tenant, where the stranger
// is an operator. The approver, the operator and the person are of no team that owns the incident.
var apiAccess = map[string][]int{
	"openapi":          {200, 200, 200, 200, 200, 200, 200},
	"health":           {200, 200, 200, 200, 200, 200, 200},
	"verdict":          {401, 200, 200, 200, 200, 200, 200},
	"listIncidents":    {401, 200, 200, 200, 200, 200, 200},
	"getIncident":      {401, 404, 200, 200, 200, 200, 200},
	"getTimeline":      {401, 404, 200, 200, 200, 200, 200},
	"getMessages":      {401, 404, 200, 200, 200, 200, 200},
	"listMessages":     {401, 200, 200, 200, 200, 200, 200},
	"explain":          {401, 404, 200, 200, 200, 200, 200},
	"listAlerts":       {401, 200, 200, 200, 200, 200, 200},
	"onCall":           {401, 200, 200, 200, 200, 200, 200},
	"listDeadLetters":  {401, 200, 403, 403, 200, 403, 403},
	"listUnreadable":   {401, 200, 403, 403, 200, 403, 403},
	"listCapabilities": {401, 200, 200, 200, 200, 200, 200},
	"getCapability":    {401, 200, 200, 200, 200, 200, 200}, // the stranger's is how it stands for the other tenant
	"share":            {401, 200, 200, 200, 200, 200, 403},
	"acknowledge":      {401, 404, 200, 200, 200, 200, 403},
	"unacknowledge":    {401, 404, 409, 409, 409, 409, 403}, // they may, and have nothing to give back
	"escalate":         {401, 404, 200, 200, 200, 200, 403},
	"note":             {401, 404, 200, 200, 200, 200, 403},
	"page":             {401, 404, 200, 200, 200, 200, 403},
	"stopRun":          {401, 404, 200, 200, 200, 200, 403},
	"resolve":          {401, 404, 403, 200, 200, 403, 403},
	"reprioritise":     {401, 404, 403, 200, 200, 403, 403},
	"startRun":         {401, 404, 403, 200, 200, 403, 403}, // a dry run
	"answer":           {401, 404, 403, 200, 200, 403, 403},
	"approve":          {401, 404, 403, 403, 403, 200, 403},
	"resend":           {401, 404, 403, 403, 200, 403, 403},
	"would":            {401, 404, 200, 200, 200, 200, 200}, // its events are those of the tenant
	"declare":          {401, 200, 200, 200, 200, 200, 403}, // the stranger's is in the other tenant
	"accept":           {401, 404, 403, 200, 200, 403, 403},
	"decline":          {401, 404, 403, 200, 200, 403, 403},
	"cancel":           {401, 404, 403, 200, 200, 403, 403},
	"proceed":          {401, 404, 403, 200, 200, 403, 403},
	"mitigate":         {401, 404, 403, 200, 200, 403, 403},
	"reopen":           {401, 404, 403, 200, 200, 403, 403},
	"close":            {401, 404, 403, 200, 200, 403, 403},
	"amend":            {401, 404, 403, 200, 200, 403, 403},
	"assess":           {401, 404, 403, 200, 200, 403, 403},
	"setPrivate":       {401, 404, 403, 200, 200, 403, 403},
	"assumeRole":       {401, 404, 200, 200, 200, 200, 403},
	"renounceRole":     {401, 404, 409, 200, 409, 409, 403}, // who does not hold it, may not be offered it or was not asked, is refused by the state
	"offerRole":        {401, 404, 409, 200, 409, 409, 403},
	"acceptRole":       {401, 404, 200, 200, 409, 409, 403},
	"addTodo":          {401, 404, 200, 200, 200, 200, 403},
	"doneTodo":         {401, 404, 200, 200, 200, 200, 403},
	"assignTodo":       {401, 404, 200, 200, 200, 200, 403},
	"askDecision":      {401, 404, 200, 200, 200, 200, 403},
	"decide":           {401, 404, 409, 200, 409, 409, 403},
	"draftUpdate":      {401, 404, 200, 200, 200, 403, 403}, // the person holds a role
	"approveUpdate":    {401, 404, 200, 403, 403, 200, 403},
	"sendUpdate":       {401, 404, 200, 200, 200, 403, 403},
	"correctUpdate":    {401, 404, 200, 200, 200, 403, 403},
	"retractUpdate":    {401, 404, 200, 200, 200, 403, 403},
	"getBriefing":      {401, 404, 200, 200, 200, 200, 200},
	"killSwitch":       {401, 200, 200, 200, 200, 200, 200}, // the stranger's is that of the other tenant
}

// apiWhere has the incidents of the good requests that are not about {id}.
var apiWhere = map[string]string{
	"accept":        "{triage}",
	"decline":       "{triage}",
	"reopen":        "{over}",
	"close":         "{over}",
	"renounceRole":  "{room}",
	"offerRole":     "{room}",
	"acceptRole":    "{room}",
	"doneTodo":      "{room}",
	"assignTodo":    "{room}",
	"decide":        "{room}",
	"draftUpdate":   "{room}",
	"approveUpdate": "{room}",
	"sendUpdate":    "{room}",
	"correctUpdate": "{room}",
	"retractUpdate": "{room}",
}

// TestAPIAccess sends a good request to every route of openapi.json as every kind of viewer. Whoever is refused changes nothing, no GET
// changes anything, and the stranger gets no byte of the tenant.
func TestAPIAccess(t *testing.T) {
	file := openAPIFile(t)
	cases, exceptions, secrets, gets := 0, 0, 0, 0
	rows := map[string]bool{}
	for path, operations := range file.Paths {
		for method, op := range operations {
			row, ok := apiAccess[op.OperationID]
			require.True(t, ok, "the table has no row %s", op.OperationID)
			rows[op.OperationID] = true
			for i, viewer := range apiColumns {
				if testing.Short() && (len(rows)+i)%4 > 0 { // nothing of it runs beside anything
					continue
				}
				t.Run(op.OperationID+" by "+viewer, func(t *testing.T) {
					inBubble(t, func(t *testing.T, h *apiHouse) {
						where := h.fill(strings.Replace(path, "{id}", cmp.Or(apiWhere[op.OperationID], "{id}"), 1))
						synctest.Wait()
						before := h.kept()
						if path == "/on-call" {
							where += "?team=shop"
						}
						w := h.ask(viewer, strings.ToUpper(method), where, file.goodBodies()[path])
						cases++
						if !assert.Equal(t, row[i], w.Code, "%s", w.Body) {
							exceptions++
						}
						if method == "get" || w.Code >= 400 || op.OperationID == "would" {
							gets++
							assert.True(t, before == h.kept(), "nothing was changed")
						}
						if viewer == "nobody" || viewer == "stranger" {
							for _, secret := range []string{"acme", h.ids["{id}"], h.ids["{over}"], "Checkout is down", "Search"} {
								if path != "/openapi.json" && !assert.NotContains(t, w.Body.String(), secret) {
									secrets++
								}
							}
						}
					})
				})
			}
		}
	}
	assert.Len(t, rows, len(apiAccess), "the table has rows of no route")
	t.Logf("%d routes by %d viewers: %d cases, %d exceptions, %d of which nothing may change, %d texts of the tenant told to others",
		len(rows), len(apiColumns), cases, exceptions, gets, secrets)
}

// TestAPIAccessOff: only operators end the kill switch, and only who has the grant begins a run that acts.
func TestAPIAccessOff(t *testing.T) {
	for path, tt := range map[string]struct {
		body string
		may  []string
	}{
		"/kill-switch":              {`{"off":true,"because":"It is over."}`, []string{"stranger", "operator"}},
		"/incidents/{id}/start-run": {`{"runbook":"drain"}`, []string{"boss"}},
	} {
		for _, viewer := range append(apiColumns, "boss") {
			inBubble(t, func(t *testing.T, h *apiHouse) {
				w := h.ask(viewer, http.MethodPost, path, tt.body)
				assert.Equal(t, slices.Contains(tt.may, viewer), w.Code == http.StatusOK, "%s as %s: %s", path, viewer, w.Body)
			})
		}
	}
}

// TestAPIGetsChangeNothing reads everything as everybody, in one house.
func TestAPIGetsChangeNothing(t *testing.T) {
	file := openAPIFile(t)
	inBubble(t, func(t *testing.T, h *apiHouse) {
		before, asked := h.kept(), 0
		for path := range file.Paths {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
				for _, id := range []string{"{id}", "{over}", "{foreign}", "{broken}", "{unknown}"} {
					for _, viewer := range append(apiColumns, "boss") {
						h.ask(viewer, method, strings.Replace(path, "{id}", id, 1), `{"because":"x"}`)
						asked++
					}
				}
			}
		}
		synctest.Wait()
		assert.True(t, before == h.kept(), "nothing was changed")
		t.Logf("%d requests, the store is as before", asked)
	})
}
