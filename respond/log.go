package respond

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
)

// logged is an input as the log keeps it: one of its fields is set. Of events it keeps what was sent, not what it was taken
// for, so that another catalog may decide about it.
type logged struct {
	Events  []*event.Event `json:"events,omitempty"`
	Do      *loggedCommand `json:"do,omitempty"`
	Outcome *Outcome       `json:"outcome,omitempty"`
	Acted   *Acted         `json:"acted,omitempty"`
	Advance *Advance       `json:"advance,omitempty"`
}

type loggedCommand struct {
	At      time.Time       `json:"at"`
	Name    string          `json:"name"`
	Command json.RawMessage `json:"command"`
}

// EncodeInputs writes inputs for the input log. DecodeInputs reads them.
func EncodeInputs(inputs []Input) ([]byte, error) {
	rows := make([]logged, len(inputs))
	for i, in := range inputs {
		switch in := in.(type) {
		case Events:
			for _, a := range in {
				rows[i].Events = append(rows[i].Events, a.Event)
			}
		case Do:
			doc, err := json.Marshal(in.Command)
			if err != nil {
				return nil, fmt.Errorf("respond: log a command: %w", err)
			}
			rows[i].Do = &loggedCommand{At: in.At, Name: CommandName(in.Command), Command: doc}
		case Outcome:
			rows[i].Outcome = &in
		case Acted:
			rows[i].Acted = &in
		case Advance:
			rows[i].Advance = &in
		}
	}
	doc, err := json.Marshal(rows)
	if err != nil {
		return nil, fmt.Errorf("respond: log inputs: %w", err)
	}
	return doc, nil
}

// DecodeInputs reads what EncodeInputs wrote, and assesses its events by the catalog.
func DecodeInputs(cat *catalog.Compiled, doc []byte) ([]Input, error) {
	var rows []logged
	if err := json.Unmarshal(doc, &rows); err != nil {
		return nil, fmt.Errorf("respond: read logged inputs: %w", err)
	}
	inputs := make([]Input, len(rows))
	for i, row := range rows {
		switch {
		case row.Do != nil:
			c, err := decodeCommand(row.Do.Name, row.Do.Command)
			if err != nil {
				return nil, err
			}
			inputs[i] = Do{At: row.Do.At, Command: c}
		case row.Outcome != nil:
			inputs[i] = *row.Outcome
		case row.Acted != nil:
			inputs[i] = *row.Acted
		case row.Advance != nil:
			inputs[i] = *row.Advance
		default:
			events := make(Events, len(row.Events))
			for j, e := range row.Events {
				events[j] = Assess(cat, e)
			}
			inputs[i] = events
		}
	}
	return inputs, nil
}

// CommandName returns the name of a command as traces and the log have it, such as acknowledge.
func CommandName(c Command) string {
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", c), "respond."))
}

func decodeCommand(name string, doc []byte) (Command, error) {
	switch name {
	case "acknowledge":
		return decodeAs[Acknowledge](doc)
	case "unacknowledge":
		return decodeAs[Unacknowledge](doc)
	case "escalate":
		return decodeAs[Escalate](doc)
	case "resolve":
		return decodeAs[Resolve](doc)
	case "reprioritise":
		return decodeAs[Reprioritise](doc)
	case "resend":
		return decodeAs[Resend](doc)
	case "startrun":
		return decodeAs[StartRun](doc)
	case "approve":
		return decodeAs[Approve](doc)
	case "answer":
		return decodeAs[Answer](doc)
	case "stoprun":
		return decodeAs[StopRun](doc)
	case "killswitch":
		return decodeAs[KillSwitch](doc)
	}
	return nil, fmt.Errorf("respond: logged command %q is unknown", name)
}

func decodeAs[C Command](doc []byte) (Command, error) {
	var c C
	if err := json.Unmarshal(doc, &c); err != nil {
		return nil, fmt.Errorf("respond: logged command %s: %w", CommandName(c), err)
	}
	return c, nil
}
