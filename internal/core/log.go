package core

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
)

// logged is an input as the input log keeps it: one of its fields is set. Of events it keeps the events themselves, not their
// assessment, so that another catalog may decide about them.
type logged struct {
	Events  []*event.Event `json:"events,omitempty"`
	Do      *loggedCommand `json:"do,omitempty"`
	Outcome *Outcome       `json:"outcome,omitempty"`
	Acted   *Acted         `json:"acted,omitempty"`
	Advance *Advance       `json:"advance,omitempty"`
}

type loggedCommand struct {
	At      time.Time       `json:"at"`
	Tenant  string          `json:"tenant,omitempty"` // of what it is about
	Name    string          `json:"name"`
	Command json.RawMessage `json:"command"`
}

// EncodeInputs writes inputs for the input log, with the tenants that the decision about them names. DecodeInputs reads them.
func (c *Core) EncodeInputs(inputs []Input, d *Decision) ([]byte, error) {
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
				return nil, fmt.Errorf("core: log a command: %w", err)
			}
			rows[i].Do = &loggedCommand{At: in.At, Tenant: d.Tenants[i], Name: c.CommandName(in.Command), Command: doc}
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
		return nil, fmt.Errorf("core: log inputs: %w", err)
	}
	return doc, nil
}

// DecodeInputs reads the inputs that EncodeInputs wrote, and assesses their events by the catalog.
func (c *Core) DecodeInputs(cat *catalog.Compiled, doc []byte) ([]Input, error) {
	var rows []logged
	if err := json.Unmarshal(doc, &rows); err != nil {
		return nil, fmt.Errorf("core: read logged inputs: %w", err)
	}
	inputs := make([]Input, len(rows))
	for i, row := range rows {
		switch {
		case row.Do != nil:
			cmd, err := c.Command(row.Do.Name, row.Do.Command)
			if err != nil {
				return nil, fmt.Errorf("core: read logged inputs: %w", err)
			}
			inputs[i] = Do{At: row.Do.At, Command: cmd}
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
