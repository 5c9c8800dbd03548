package status

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	apiBody = 64 << 10 // bytes of a body
	apiKey  = 100      // bytes of an Idempotency-Key
	apiVia  = "api"    // the way in that acknowledgements name
)

// The bodies of commands. Fields go by their names with a small first letter.
type (
	bodyNone     struct{}
	bodyEscalate struct{ AsOf escalate.Position }
	bodyResolve  struct {
		Alerts   bool
		Override string
	}
	bodyReprioritise struct {
		Priority severity.Priority
		Because  string
	}
	bodyNote struct {
		Text     string
		When     time.Time
		Pinned   bool
		Corrects uint64
	}
	bodyPage struct {
		Target  escalate.Target
		Because string
	}
	bodyStart struct {
		Runbook string
		DryRun  bool
	}
	bodyApprove struct {
		Run     string
		Decline bool
		Because string
	}
	bodyAnswer struct {
		Run    string
		Step   int
		Note   string
		Failed bool
	}
	bodyStop struct{ Run, Because string }
	bodyKill struct {
		Off     bool
		Because string
	}
)

func apiCommands() map[string]apiRoute {
	const of = "POST /incidents/{id}/"
	return map[string]apiRoute{
		of + "acknowledge": apiCommand(func(h respond.Head, _ bodyNone) respond.Command {
			return respond.Acknowledge{Incident: h.Incident, By: h.By, ID: h.ID, Via: apiVia}
		}),
		of + "unacknowledge": apiCommand(func(h respond.Head, _ bodyNone) respond.Command {
			return respond.Unacknowledge{Incident: h.Incident, By: h.By, ID: h.ID}
		}),
		of + "escalate": apiCommand(func(h respond.Head, b bodyEscalate) respond.Command {
			return respond.Escalate{Incident: h.Incident, By: h.By, ID: h.ID, AsOf: b.AsOf}
		}),
		of + "resolve": apiCommand(func(h respond.Head, b bodyResolve) respond.Command {
			return respond.Resolve{Incident: h.Incident, By: h.By, ID: h.ID, Alerts: b.Alerts, Override: b.Override}
		}),
		of + "reprioritise": apiCommand(func(h respond.Head, b bodyReprioritise) respond.Command {
			return respond.Reprioritise{Incident: h.Incident, By: h.By, ID: h.ID, Priority: b.Priority, Because: b.Because}
		}),
		of + "note": apiCommand(func(h respond.Head, b bodyNote) respond.Command {
			return respond.Note{Incident: h.Incident, By: h.By, ID: h.ID, Text: b.Text, When: b.When, Pinned: b.Pinned, Corrects: b.Corrects}
		}),
		of + "page": apiCommand(func(h respond.Head, b bodyPage) respond.Command {
			return respond.Page{Incident: h.Incident, By: h.By, ID: h.ID, Target: b.Target, Because: b.Because}
		}),
		"POST /dead-letters/{key}/resend": {answer: (*apiRequest).resend},
		"POST /kill-switch":               {answer: (*apiRequest).killSwitch},
	}
}

// apiRuns has the commands about runs of runbooks.
func apiRuns() map[string]apiRoute {
	const of = "POST /incidents/{id}/"
	return map[string]apiRoute{
		of + "start-run": apiCommand(func(h respond.Head, b bodyStart) respond.Command {
			return respond.StartRun{Incident: h.Incident, By: h.By, ID: h.ID, Runbook: b.Runbook, DryRun: b.DryRun}
		}),
		of + "approve": apiCommand(func(h respond.Head, b bodyApprove) respond.Command {
			return respond.Approve{Incident: h.Incident, By: h.By, ID: h.ID, Run: b.Run, Decline: b.Decline, Because: b.Because}
		}),
		of + "answer": apiCommand(func(h respond.Head, b bodyAnswer) respond.Command {
			return respond.Answer{Incident: h.Incident, By: h.By, ID: h.ID, Run: b.Run, Step: b.Step, Note: b.Note, Failed: b.Failed}
		}),
		of + "stop-run": apiCommand(func(h respond.Head, b bodyStop) respond.Command {
			return respond.StopRun{Incident: h.Incident, By: h.By, ID: h.ID, Run: b.Run, Because: b.Because}
		}),
	}
}

// apiCommand returns the route of a command about an incident, made of a body.
func apiCommand[B any](from func(respond.Head, B) respond.Command) apiRoute {
	return apiRoute{answer: func(q *apiRequest) (any, error) {
		if err := q.params().faults(); err != nil {
			return nil, err
		}
		id := q.PathValue("id")
		if err := event.CheckText(id, apiText); err != nil {
			return nil, tocsin.ErrNotFound
		}
		var body B
		if err := q.decode(&body); err != nil {
			return nil, err
		}
		if err := q.do(from(q.head(id), body)); err != nil {
			return nil, err
		}
		return q.after(id), nil
	}}
}

// head returns what all commands of the request have. A key of idempotency counts for the viewer and the route.
func (q *apiRequest) head(id string) respond.Head {
	h := respond.Head{Incident: id, By: q.viewer.By()}
	if key := q.Header.Get("Idempotency-Key"); key != "" {
		h.ID = fmt.Sprintf("%s %s %s", h.By, q.Pattern, key)
	}
	return h
}

// after returns how an incident stands after a command, and nil if that cannot be said.
func (q *apiRequest) after(id string) any {
	if s := q.now(id); s != nil {
		return s
	}
	return nil
}

// do carries out a command of the viewer.
func (q *apiRequest) do(c respond.Command) error {
	if err := c.Check(); err != nil {
		return problemInvalid.because(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return q.engine.DoAs(q.Context(), q.viewer, c)
}

func (q *apiRequest) resend() (any, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, err
	}
	if err := q.decode(&bodyNone{}); err != nil {
		return nil, err
	}
	for l, err := range q.engine.DeadLetters(q.Context(), tenant) {
		var odd *tocsin.UnreadableError
		switch {
		case errors.As(err, &odd) || err == nil && l.Key != q.PathValue("key"):
			continue
		case err != nil:
			return nil, err
		}
		h := q.head(l.Incident)
		if err := q.do(respond.Resend{Letter: notify.Message{Incident: h.Incident, Key: l.Key}, By: h.By, ID: h.ID}); err != nil {
			return nil, err
		}
		return q.after(l.Incident), nil
	}
	return nil, tocsin.ErrNotFound
}

func (q *apiRequest) killSwitch() (any, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, err
	}
	var b bodyKill
	if err := q.decode(&b); err != nil {
		return nil, err
	}
	h := q.head("")
	if err := q.do(respond.KillSwitch{Tenant: tenant, Off: b.Off, By: h.By, Because: b.Because, ID: h.ID}); err != nil {
		return nil, err
	}
	return map[string]bool{"stopped": !b.Off}, nil
}

// receive reads the body of a command.
func (q *apiRequest) receive(w http.ResponseWriter) error {
	media, extra, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	charset := extra["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") || q.Header.Get("Content-Encoding") != "" {
		return problemMedia
	}
	if key := q.Header.Get("Idempotency-Key"); event.CheckText(key, apiKey) != nil {
		return problemInvalid.because(fmt.Sprintf("Idempotency-Key: expected a text of at most %d bytes", apiKey))
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, q.Body, apiBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problemTooLarge
	case err != nil:
		return problemInvalid.because("the body ended early")
	}
	q.Body = io.NopCloser(bytes.NewReader(text))
	return nil
}

// decode reads the body as one JSON object that has no other fields than v, by the names with a small first letter.
func (q *apiRequest) decode(v any) error {
	text, err := io.ReadAll(q.Body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return problemInvalid.because("the body is empty, expected a JSON object such as {}")
	}
	if bytes.TrimSpace(text)[0] != '{' {
		return problemInvalid.because("the body is no JSON object, expected one such as {}")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return problemInvalid.because("the body: " + misfit(text, v, err))
	}
	if _, err := d.Token(); err != io.EOF {
		return problemInvalid.because("the body goes on after its JSON object")
	}
	return nil
}

// misfit says why a body could not be read into v: the field, what it is, and what was expected.
func misfit(text []byte, v any, err error) string {
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) {
		parts := strings.Split(odd.Field, ".")
		for i, part := range parts {
			first := min(1, len(part))
			parts[i] = strings.ToLower(part[:first]) + part[first:]
		}
		return fmt.Sprintf("%s is a %s, expected %s", strings.Join(parts, "."), odd.Value, kindly(odd.Type))
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) == nil { // a type that reads itself does not know its field
		body := reflect.TypeOf(v).Elem()
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			one, _ := json.Marshal(map[string]json.RawMessage{name: fields[name]})
			alone := json.Unmarshal(one, reflect.New(body).Interface())
			of, _ := body.FieldByNameFunc(func(f string) bool { return strings.EqualFold(f, name) })
			switch {
			case alone == nil:
			case of.Type == reflect.TypeFor[time.Time]():
				return fmt.Sprintf("%s is %.40s, expected an instant such as 2026-03-01T14:00:00Z", name, fields[name])
			default:
				return name + ": " + alone.Error()
			}
		}
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// kindly names what a type is read from.
func kindly(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number"
}
