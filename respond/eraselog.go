package respond

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/store"
)

// Inputs returns what is left of a row of the input log, as EncodeInputs wrote it; the same document if nothing is taken out.
// What is left can be read and replayed, and says the same of everybody else.
func (x *Eraser) Inputs(doc []byte) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("respond: erase logged inputs: %w", err) }
	var rows []logged
	if err := json.Unmarshal(doc, &rows); err != nil {
		return fail(err)
	}
	v, err := decoded(doc)
	if err != nil {
		return fail(err)
	}
	changed := false
	for i := range rows {
		did, err := x.input(&rows[i], v.([]any)[i].(map[string]any))
		if err != nil {
			return fail(err)
		}
		changed = changed || did
	}
	if !changed {
		return doc, nil
	}
	if doc, err = json.Marshal(v); err != nil {
		return fail(err)
	}
	return doc, nil
}

// input erases one input in the form in which it is written; in shows what it is.
func (x *Eraser) input(in *logged, row map[string]any) (changed bool, err error) {
	for i, e := range in.Events {
		if e.Tenant == x.tenant {
			_, did := x.words.value(row["events"].([]any)[i], isFixed)
			changed = changed || did
		}
	}
	switch {
	case in.Do != nil:
		return x.command(in.Do, row["do"].(map[string]any)["command"].(map[string]any))
	case in.Outcome != nil && in.Outcome.Record.Tenant == x.tenant:
		return x.outcome(in.Outcome, row["outcome"].(map[string]any)), nil
	case in.Acted != nil && in.Acted.Record.Tenant == x.tenant:
		_, changed = x.of(in.Acted.Record).value(row["acted"], isFixed)
	}
	return changed, nil
}

// command erases what the person gave as a reason or an answer, and words.
func (x *Eraser) command(in *loggedCommand, fields map[string]any) (changed bool, err error) {
	c, err := decodeCommand(in.Name, in.Command)
	if err != nil {
		return false, err
	}
	tenant, _ := splitTenant(c.Target())
	if tenant != x.tenant {
		return false, nil
	}
	if fields["By"] == string(x.person) {
		for _, name := range [...]string{"Because", "Override", "Note", "Via"} {
			if text, ok := fields[name].(string); ok && text != "" && text != erased {
				fields[name], changed = erased, true
			}
		}
	}
	if letter, ok := fields["Letter"].(map[string]any); ok && letter["person"] == string(x.person) {
		changed = x.address(letter) || changed
	}
	inc, _ := IncidentKey(c.Target())
	return x.of(inc).object(fields, isFixed) || changed, nil
}

// outcome erases where a message to the person went.
func (x *Eraser) outcome(in *Outcome, fields map[string]any) (changed bool) {
	if in.Message.Person == string(x.person) {
		fields["Task"], changed = withoutAddress(in.Task, in.Record), withoutAddress(in.Task, in.Record) != in.Task
		changed = x.address(fields["Message"].(map[string]any)) || changed
	}
	return x.of(in.Record).object(fields, isFixed) || changed
}

// address erases the address of a message, and the contact in its key.
func (x *Eraser) address(m map[string]any) (changed bool) {
	if to, ok := m["to"].(string); ok && to != erased {
		m["to"], changed = erased, true
	}
	key, _ := m["key"].(string)
	id, _ := m["incident"].(string)
	inc, _ := IncidentKey(id)
	if to := withoutAddress(key, inc); to != key {
		m["key"], changed = to, true
	}
	return changed
}

// withoutAddress erases the address in the key of a message.
func withoutAddress(key string, inc store.Key) string {
	_, contact := splitTask(key, ID(inc))
	channel, address, ok := strings.Cut(contact, ":")
	if !ok || address == "" {
		return key
	}
	return strings.TrimSuffix(key, contact) + channel + ":" + erased
}
