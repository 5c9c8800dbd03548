package status_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/status"
)

// apiFile is what the tests look at in openapi.json.
type apiFile struct {
	Paths      map[string]map[string]apiOperation
	Components struct {
		Schemas   map[string]apiSchema
		Examples  map[string]apiValue
		Responses map[string]apiResponse
	}
}

type apiOperation struct {
	OperationID string
	Parameters  []struct{ Name, In string }
	RequestBody *struct{ Content map[string]apiMedia }
	Responses   map[string]apiResponse
}

type apiResponse struct {
	Ref     string `json:"$ref"`
	Content map[string]apiMedia
}

type apiMedia struct {
	Schema   apiSchema
	Examples map[string]apiValue
}

type apiValue struct {
	Ref   string `json:"$ref"`
	Value json.RawMessage
}

type apiSchema struct {
	Ref        string `json:"$ref"`
	Type       string
	Enum       []string
	Format     string
	Required   []string
	Properties map[string]apiSchema
	Items      *apiSchema
}

func openAPIFile(t *testing.T) (file apiFile) {
	t.Helper()
	text, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &file))
	return file
}

// lastPart returns the last part of a reference.
func lastPart(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// check reports where a value does not fit a schema. A field that the schema does not have does not fit either.
func (f *apiFile) check(where string, s apiSchema, v any) (faults []string) {
	if s.Ref != "" {
		s = f.Components.Schemas[lastPart(s.Ref)]
	}
	fault := func(format string, args ...any) { faults = append(faults, where+": "+fmt.Sprintf(format, args...)) }
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			fault("an object, expected %s", s.Type)
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				fault("%s is missing", name)
			}
		}
		for name, inner := range v {
			of, ok := s.Properties[name]
			if !ok && s.Properties != nil {
				fault("%s is not in the file", name)
			}
			if ok {
				faults = append(faults, f.check(where+"."+name, of, inner)...)
			}
		}
	case []any:
		if s.Type != "array" {
			fault("an array, expected %s", s.Type)
			break
		}
		for i, inner := range v {
			faults = append(faults, f.check(fmt.Sprintf("%s[%d]", where, i), *s.Items, inner)...)
		}
	case string:
		if s.Type != "string" || s.Enum != nil && !slices.Contains(s.Enum, v) {
			fault("%q, expected %s %v", v, s.Type, s.Enum)
		}
		if _, err := time.Parse(time.RFC3339, v); s.Format == "date-time" && err != nil {
			fault("%v", err)
		}
	case float64:
		if s.Type != "integer" || v != float64(int64(v)) {
			fault("%v, expected %s", v, s.Type)
		}
	case bool:
		if s.Type != "boolean" {
			fault("%v, expected %s", v, s.Type)
		}
	default:
		fault("%v, expected %s", v, s.Type)
	}
	return faults
}

// sameShape reports where two values have other fields, or values of another type. Of a list the first values count. Pending
// messages of an incident may have left meanwhile, and another may have left first.
func sameShape(where string, want, got any) (faults []string) {
	if reflect.TypeOf(want) != reflect.TypeOf(got) {
		return []string{fmt.Sprintf("%s: %T, expected %T", where, got, want)}
	}
	switch want := want.(type) {
	case map[string]any:
		got := maps.Clone(got.(map[string]any))
		for _, name := range slices.Sorted(maps.Keys(want)) {
			inner, ok := got[name]
			delete(got, name)
			switch {
			case name == "pending", name == "sent" && ok:
			case !ok:
				faults = append(faults, where+"."+name+" is missing")
			default:
				faults = append(faults, sameShape(where+"."+name, want[name], inner)...)
			}
		}
		delete(got, "pending")
		for name := range got {
			faults = append(faults, where+"."+name+" is not in the example")
		}
	case []any:
		if got := got.([]any); len(want) > 0 && len(got) > 0 {
			return sameShape(where+"[0]", want[0], got[0])
		} else if len(want) != len(got) {
			return []string{fmt.Sprintf("%s: %d values, expected %d", where, len(got), len(want))}
		}
	}
	return faults
}

// provoked has the refusals that every route may give: what to change in a good request.
var provoked = map[string]func(h *apiHouse, method, path string) *httptest.ResponseRecorder{
	"unauthenticated": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		return h.ask("", method, path, "{}")
	},
	"invalid": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		return h.ask("operator", method, path+map[bool]string{true: "?colour=red"}[method == http.MethodGet], `{"colour":"red"}`)
	},
	"not-found": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		where := strings.Replace(path, "{id}", "{foreign}", 1)
		if where == path {
			where += "?tenant=bolt"
		}
		return h.ask("operator", method, where, h.good[path])
	},
	"unreadable": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		return h.ask("operator", method, strings.Replace(path, "{id}", "{broken}", 1), h.good[path])
	},
	"cross-origin": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		return h.ask("operator", method, path, "{}", "Sec-Fetch-Site", "cross-site")
	},
	"too-large": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		return h.ask("operator", method, path, strings.Repeat(" ", 64<<10)+"{}")
	},
	"media-type": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		return h.ask("operator", method, path, "a=b", "Content-Type", "application/x-www-form-urlencoded")
	},
	"store": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		h.store.set(func(s *apiStore) { s.silent = true })
		defer h.store.set(func(s *apiStore) { s.silent = false })
		return h.ask("operator", method, path, h.good[path])
	},
	"overload": func(h *apiHouse, method, path string) *httptest.ResponseRecorder {
		h.store.set(func(s *apiStore) { s.silent = true })
		defer h.store.set(func(s *apiStore) { s.silent = false })
		busy := map[string]string{http.MethodGet: "/incidents", http.MethodPost: "/kill-switch"}[method]
		if strings.HasPrefix(path, "/would") {
			busy = path
		}
		var all sync.WaitGroup
		defer all.Wait()
		for range 32 {
			all.Go(func() { h.ask("operator", method, busy, h.good[busy]) })
		}
		synctest.Wait()
		return h.ask("operator", method, path, h.good[path])
	},
}

// asked says how to get the other examples: by whom and with which path and body. Without a path it is the good request.
var asked = map[string]struct{ viewer, path, body string }{
	"verdict found":             {viewer: "owner"},
	"listIncidents found":       {viewer: "owner"},
	"getIncident found":         {viewer: "owner"},
	"getTimeline found":         {viewer: "owner"},
	"getMessages found":         {viewer: "owner"},
	"listMessages found":        {viewer: "owner", path: "/messages?person=ana"},
	"explain found":             {viewer: "person"},
	"listAlerts found":          {viewer: "owner"},
	"onCall found":              {viewer: "owner"},
	"onCall unknown team":       {viewer: "owner", path: "/on-call?team=shopp"},
	"listCapabilities found":    {viewer: "owner"},
	"getCapability found":       {viewer: "owner"},
	"share done":                {viewer: "person"},
	"share forbidden":           {viewer: "machine"},
	"share incomplete":          {viewer: "person", body: `{"hours":200}`},
	"share no-links":            {viewer: "person"},
	"listDeadLetters found":     {viewer: "operator"},
	"listUnreadable found":      {viewer: "operator"},
	"health found":              {},
	"health ill":                {},
	"acknowledge done":          {viewer: "person"},
	"unacknowledge done":        {viewer: "person"},
	"escalate done":             {viewer: "person"},
	"resolve done":              {viewer: "owner"},
	"reprioritise done":         {viewer: "owner"},
	"note done":                 {viewer: "person"},
	"page done":                 {viewer: "person"},
	"startRun done":             {viewer: "owner"},
	"approve done":              {viewer: "approver"},
	"answer done":               {viewer: "owner"},
	"stopRun done":              {viewer: "person"},
	"resend done":               {viewer: "operator"},
	"killSwitch done":           {viewer: "machine"},
	"would done":                {viewer: "person"},
	"would unknown parameter":   {viewer: "person", path: "/would/{intake}?colour=red"},
	"would unknown intake":      {viewer: "person", path: "/would/nothing"},
	"would too large a payload": {viewer: "person", body: strings.Repeat(" ", 1<<20) + "{}"},
	"listDeadLetters forbidden": {viewer: "owner"},
	"listUnreadable forbidden":  {viewer: "owner"},
	"acknowledge forbidden":     {viewer: "machine"},
	"unacknowledge forbidden":   {viewer: "machine"},
	"escalate forbidden":        {viewer: "machine"},
	"resolve forbidden":         {viewer: "person"},
	"reprioritise forbidden":    {viewer: "person"},
	"note forbidden":            {viewer: "machine"},
	"page forbidden":            {viewer: "machine"},
	"startRun forbidden":        {viewer: "operator", body: `{"runbook":"drain"}`},
	"approve forbidden":         {viewer: "operator"},
	"answer forbidden":          {viewer: "person"},
	"stopRun forbidden":         {viewer: "machine"},
	"resend forbidden":          {viewer: "owner"},
	"killSwitch forbidden":      {viewer: "owner", body: `{"off":true,"because":"It is over."}`},
	"acknowledge refused":       {viewer: "person", path: "/incidents/{over}/acknowledge"},
	"unacknowledge refused":     {viewer: "person", path: "/incidents/{over}/unacknowledge"},
	"escalate refused":          {viewer: "person", body: `{"asOf":{"round":1,"level":2}}`},
	"resolve refused":           {viewer: "owner", body: `{}`},
	"page refused":              {viewer: "person", path: "/incidents/{over}/page"},
	"startRun refused":          {viewer: "owner", body: `{"runbook":"none","dryRun":true}`},
	"approve refused":           {viewer: "approver", body: `{"run":"{look}"}`},
	"answer refused":            {viewer: "owner", body: `{"run":"{look}","step":2}`},
	"stopRun refused":           {viewer: "person", body: `{"run":"{id}-9","because":"x"}`},
	"escalate incomplete":       {viewer: "person", body: `{}`},
	"reprioritise incomplete":   {viewer: "owner", body: `{}`},
	"note incomplete":           {viewer: "person", body: `{}`},
	"page incomplete":           {viewer: "person", body: `{}`},
	"stopRun incomplete":        {viewer: "person", body: `{}`},
	"accept done":               {viewer: "owner", path: "/incidents/{triage}/accept"},
	"accept forbidden":          {viewer: "person", path: "/incidents/{triage}/accept"},
	"accept refused":            {viewer: "owner", path: "/incidents/{over}/accept"},
	"decline done":              {viewer: "owner", path: "/incidents/{triage}/decline"},
	"decline forbidden":         {viewer: "person", path: "/incidents/{triage}/decline"},
	"decline refused":           {viewer: "owner"},
	"decline incomplete":        {viewer: "owner", path: "/incidents/{triage}/decline", body: `{}`},
	"cancel done":               {viewer: "owner"},
	"cancel forbidden":          {viewer: "person"},
	"cancel refused":            {viewer: "owner", path: "/incidents/{over}/cancel"},
	"cancel incomplete":         {viewer: "owner", body: `{}`},
	"proceed done":              {viewer: "owner"},
	"proceed forbidden":         {viewer: "person"},
	"proceed refused":           {viewer: "owner", path: "/incidents/{over}/proceed"},
	"proceed incomplete":        {viewer: "owner", body: `{}`},
	"mitigate done":             {viewer: "owner"},
	"mitigate forbidden":        {viewer: "person"},
	"mitigate refused":          {viewer: "owner", path: "/incidents/{over}/mitigate"},
	"reopen done":               {viewer: "owner", path: "/incidents/{over}/reopen"},
	"reopen forbidden":          {viewer: "person", path: "/incidents/{over}/reopen"},
	"reopen refused":            {viewer: "owner", path: "/incidents/{triage}/reopen"},
	"reopen incomplete":         {viewer: "owner", path: "/incidents/{over}/reopen", body: `{}`},
	"close done":                {viewer: "owner", path: "/incidents/{over}/close"},
	"close forbidden":           {viewer: "person", path: "/incidents/{over}/close"},
	"close refused":             {viewer: "owner"},
	"amend done":                {viewer: "owner"},
	"amend forbidden":           {viewer: "person"},
	"amend refused":             {viewer: "owner", body: `{"moment":"detected","to":"2100-01-01T00:00:00Z","because":"x"}`},
	"amend incomplete":          {viewer: "owner", body: `{}`},
	"assess done":               {viewer: "owner"},
	"assess forbidden":          {viewer: "person"},
	"assess incomplete":         {viewer: "owner", body: `{}`},
	"setPrivate done":           {viewer: "owner"},
	"setPrivate forbidden":      {viewer: "person"},
	"setPrivate incomplete":     {viewer: "owner", body: `{}`},
	"assumeRole done":           {viewer: "person"},
	"assumeRole forbidden":      {viewer: "machine"},
	"assumeRole refused":        {viewer: "person", path: "/incidents/{room}/assume-role"},
	"assumeRole incomplete":     {viewer: "person", body: `{}`},
	"renounceRole done":         {viewer: "owner", path: "/incidents/{room}/renounce-role"},
	"renounceRole forbidden":    {viewer: "machine", path: "/incidents/{room}/renounce-role"},
	"renounceRole refused":      {viewer: "person", path: "/incidents/{room}/renounce-role"},
	"renounceRole incomplete":   {viewer: "owner", path: "/incidents/{room}/renounce-role", body: `{}`},
	"offerRole done":            {viewer: "owner", path: "/incidents/{room}/offer-role"},
	"offerRole forbidden":       {viewer: "machine", path: "/incidents/{room}/offer-role"},
	"offerRole refused":         {viewer: "owner"},
	"offerRole incomplete":      {viewer: "owner", path: "/incidents/{room}/offer-role", body: `{}`},
	"acceptRole done":           {viewer: "person", path: "/incidents/{room}/accept-role"},
	"acceptRole forbidden":      {viewer: "machine", path: "/incidents/{room}/accept-role"},
	"acceptRole refused":        {viewer: "person"},
	"acceptRole incomplete":     {viewer: "person", path: "/incidents/{room}/accept-role", body: `{}`},
	"addTodo done":              {viewer: "person"},
	"addTodo forbidden":         {viewer: "machine"},
	"addTodo incomplete":        {viewer: "person", body: `{}`},
	"doneTodo done":             {viewer: "person", path: "/incidents/{room}/done-todo"},
	"doneTodo forbidden":        {viewer: "machine", path: "/incidents/{room}/done-todo"},
	"doneTodo refused":          {viewer: "person"},
	"doneTodo incomplete":       {viewer: "person", path: "/incidents/{room}/done-todo", body: `{}`},
	"assignTodo done":           {viewer: "person", path: "/incidents/{room}/assign-todo"},
	"assignTodo forbidden":      {viewer: "machine", path: "/incidents/{room}/assign-todo"},
	"assignTodo refused":        {viewer: "person"},
	"assignTodo incomplete":     {viewer: "person", path: "/incidents/{room}/assign-todo", body: `{}`},
	"askDecision done":          {viewer: "person"},
	"askDecision forbidden":     {viewer: "machine"},
	"askDecision incomplete":    {viewer: "person", body: `{}`},
	"decide done":               {viewer: "owner", path: "/incidents/{room}/decide"},
	"decide forbidden":          {viewer: "machine", path: "/incidents/{room}/decide"},
	"decide refused":            {viewer: "operator", path: "/incidents/{room}/decide"},
	"decide incomplete":         {viewer: "owner", path: "/incidents/{room}/decide", body: `{}`},
	"draftUpdate done":          {viewer: "owner", path: "/incidents/{room}/draft-update"},
	"draftUpdate forbidden":     {viewer: "approver", path: "/incidents/{room}/draft-update"},
	"draftUpdate refused":       {viewer: "owner"},
	"draftUpdate incomplete":    {viewer: "owner", path: "/incidents/{room}/draft-update", body: `{"stage":"soon"}`},
	"draftUpdate held":          {viewer: "owner", path: "/incidents/{room}/draft-update", body: `{"text":"db-1.internal.example is full, says ana."}`},
	"approveUpdate done":        {viewer: "person", path: "/incidents/{room}/approve-update"},
	"approveUpdate forbidden":   {viewer: "owner", path: "/incidents/{room}/approve-update"},
	"approveUpdate refused":     {viewer: "approver", path: "/incidents/{room}/approve-update", body: `{"update":"u9"}`},
	"approveUpdate incomplete":  {viewer: "person", path: "/incidents/{room}/approve-update", body: `{}`},
	"sendUpdate done":           {viewer: "owner", path: "/incidents/{room}/send-update"},
	"sendUpdate forbidden":      {viewer: "approver", path: "/incidents/{room}/send-update"},
	"sendUpdate refused":        {viewer: "owner"},
	"sendUpdate incomplete":     {viewer: "owner", path: "/incidents/{room}/send-update", body: `{"breakGlass":true}`},
	"correctUpdate done":        {viewer: "owner", path: "/incidents/{room}/correct-update"},
	"correctUpdate forbidden":   {viewer: "approver", path: "/incidents/{room}/correct-update"},
	"correctUpdate refused":     {viewer: "owner", path: "/incidents/{room}/correct-update", body: `{"update":"u9","text":"x"}`},
	"correctUpdate incomplete":  {viewer: "owner", path: "/incidents/{room}/correct-update", body: `{}`},
	"retractUpdate done":        {viewer: "owner", path: "/incidents/{room}/retract-update"},
	"retractUpdate forbidden":   {viewer: "approver", path: "/incidents/{room}/retract-update"},
	"retractUpdate refused":     {viewer: "owner", path: "/incidents/{room}/retract-update", body: `{"update":"u9","because":"x"}`},
	"retractUpdate incomplete":  {viewer: "owner", path: "/incidents/{room}/retract-update", body: `{}`},
	"declare done":              {viewer: "person"},
	"declare forbidden":         {viewer: "machine"},
	"declare refused":           {viewer: "person", body: `{"title":"Orders are late","service":"checkot"}`},
	"declare incomplete":        {viewer: "person", body: `{}`},
	"note refused":              {viewer: "person", body: `{"text":"No, search.","corrects":999}`},
	"addTodo refused":           {viewer: "person", body: `{"text":"Call the bank.","owner":"nobody"}`},
	"askDecision refused":       {viewer: "person", body: `{"text":"Roll back?","options":["yes","no"],"role":"deputy"}`},
	"sendUpdate held":           {viewer: "owner", path: "/incidents/{room}/send-update", body: `{"stage":"resolved"}`},
	"correctUpdate held":        {viewer: "owner", path: "/incidents/{room}/correct-update", body: `{"update":"u1","text":"db-1.internal.example was full."}`},
	"retractUpdate held":        {viewer: "owner", path: "/incidents/{room}/retract-update", body: `{"update":"u1","text":"It was ana.","because":"It was a test."}`},
	"getBriefing found":         {viewer: "owner", path: "/incidents/{room}/briefing"},
	"getBriefing as text":       {viewer: "owner", path: "/incidents/{room}/briefing"},
	"killSwitch incomplete":     {viewer: "owner", body: `{}`},
}

// TestOpenAPIExamples sends what leads to each example of openapi.json, and compares the answer with it: status, type of the problem and
// shape. Every answer fits the schemas of the file.
func TestOpenAPIExamples(t *testing.T) {
	file := openAPIFile(t)
	seen, sent, refusals, own := 0, 0, 0, map[string]bool{}
	for path, operations := range file.Paths {
		for method, op := range operations {
			for code, response := range op.Responses {
				if response.Ref != "" {
					response = file.Components.Responses[lastPart(response.Ref)]
				}
				for media, content := range response.Content {
					for name, example := range content.Examples {
						shared := example.Ref != ""
						title := op.OperationID + " " + name
						if shared {
							require.Equal(t, name, lastPart(example.Ref))
							example = file.Components.Examples[name]
						} else {
							own[title] = true
						}
						if seen++; testing.Short() && seen%8 > 0 { // nothing of it runs beside anything
							continue
						}
						t.Run(title, func(t *testing.T) {
							inBubble(t, func(t *testing.T, h *apiHouse) {
								h.good = file.goodBodies()
								w := h.example(t, shared, strings.ToUpper(method), path, name, title)
								assert.Equal(t, code, fmt.Sprint(w.Code), "%s", w.Body)
								assert.Equal(t, media, strings.TrimSuffix(w.Header().Get("Content-Type"), "; charset=utf-8"))
								body := w.Body.Bytes()
								if media == "text/plain" {
									body, _ = json.Marshal(w.Body.String())
								}
								file.compare(t, content.Schema, example.Value, body)
							})
						})
						if sent++; code >= "400" {
							refusals++
						}
					}
				}
			}
		}
	}
	for title := range asked {
		assert.True(t, own[title], "openapi.json has no example %q", title)
	}
	t.Logf("%d operations, %d examples sent and compared, %d of them refusals", len(file.goodBodies()), sent, refusals)
}

// compare compares an answer with an example.
func (f *apiFile) compare(t *testing.T, s apiSchema, example, answer []byte) {
	t.Helper()
	var want, got any
	require.NoError(t, json.Unmarshal(example, &want))
	require.NoError(t, json.Unmarshal(answer, &got))
	assert.Empty(t, f.check("answer", s, got))
	assert.Empty(t, f.check("example", s, want))
	assert.Empty(t, sameShape("answer", want, got))
	if s.Ref == "#/components/schemas/Problem" {
		assert.Equal(t, want.(map[string]any)["type"], got.(map[string]any)["type"])
	}
}

// goodBodies returns the body of a good request of each path.
func (f *apiFile) goodBodies() map[string]string {
	bodies := make(map[string]string)
	for path, operations := range f.Paths {
		bodies[path] = ""
		if post, ok := operations["post"]; ok {
			bodies[path] = string(post.RequestBody.Content["application/json"].Examples["done"].Value)
		}
	}
	return bodies
}

// example sends the request of an example.
func (h *apiHouse) example(t *testing.T, shared bool, method, path, name, title string) *httptest.ResponseRecorder {
	t.Helper()
	if shared {
		require.Contains(t, provoked, name)
		if path == "/on-call" && name != "invalid" {
			path += "?team=shop"
		}
		return provoked[name](h, method, path)
	}
	how, ok := asked[title]
	require.True(t, ok, "no test sends %q", title)
	body := how.body
	if body == "" {
		body = h.good[path]
	}
	if how.path == "" {
		if how.path = path; path == "/on-call" {
			how.path += "?team=shop"
		}
	}
	switch title {
	case "health ill":
		h.stop()
	case "share no-links":
		bare := startAPI(t, func(c *tocsin.Config) { c.PublicURL, c.LinkKeys = "", nil })
		defer bare.stop()
		bare.good, h = h.good, bare
	case "unacknowledge done":
		require.Equal(t, http.StatusOK, h.ask(how.viewer, method, "/incidents/{id}/acknowledge", "{}").Code)
	}
	var headers []string
	if title == "getBriefing as text" {
		headers = []string{"Accept", "text/plain"}
	}
	return h.ask(how.viewer, method, how.path, body, headers...)
}

// TestOpenAPIRoutes: the file has every route of the handler, and no other.
func TestOpenAPIRoutes(t *testing.T) {
	var described []string
	for path, operations := range openAPIFile(t).Paths {
		for method, op := range operations {
			described = append(described, strings.ToUpper(method)+" "+path)
			for _, p := range op.Parameters {
				assert.Equal(t, p.In == "path", strings.Contains(path, "{"+p.Name+"}"), "%s: %s", path, p.Name)
			}
		}
	}
	slices.Sort(described)
	assert.Equal(t, slices.Sorted(status.APIRoutes), described)
}

// TestOpenAPIFields: the file has every field of the types that answers have, and no other.
func TestOpenAPIFields(t *testing.T) {
	file := openAPIFile(t)
	for name, v := range map[string]any{
		"Incident": incident.Incident{}, "Alert": incident.Alert{}, "Signal": incident.Signal{}, "Escalation": incident.Escalation{}, "Ack": escalate.Ack{},
		"Told": incident.Told{}, "Message": incident.Message{}, "Run": incident.Run{}, "RunStep": incident.RunStep{}, "Assignment": incident.Assignment{}, "RoleOffer": incident.RoleOffer{}, "Todo": incident.Todo{}, "Decision": incident.Decision{}, "Said": incident.Said{},
		"Entry": incident.Entry{}, "Sent": incident.Sent{}, "LedgerLine": tocsin.LedgerLine{}, "Position": escalate.Position{}, "Link": event.Link{}, "Objective": incident.Objective{},
		"Communication": comms.Situation{}, "Update": comms.Update{}, "UpdateFacts": comms.Facts{}, "UpdateDraft": comms.Drafted{},
		"UpdateVerdict": comms.Verdict{}, "UpdateRelease": comms.Release{}, "UpdateText": comms.Text{}, "UpdateWay": comms.Way{},
		"UpdateBreach": comms.Breach{}, "HeldFinding": comms.Finding{},
	} {
		var fields, required []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			name, omit, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "-" { // only for Go
				continue
			}
			if fields = append(fields, name); omit == "" {
				required = append(required, name)
			}
		}
		schema := file.Components.Schemas[name]
		assert.ElementsMatch(t, fields, slices.Collect(maps.Keys(schema.Properties)), name)
		assert.ElementsMatch(t, required, schema.Required, name)
	}
}
