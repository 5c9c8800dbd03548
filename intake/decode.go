package intake

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// maxAlerts limits the alerts of one body. A small alert takes many times the memory of its text.
const maxAlerts = 50_000

// notice is one webhook body of Alertmanager.
type notice struct {
	batch
	receiver, groupKey, externalURL string
	truncated                       int
}

// decodeAlertmanager reads a body. An error means that the whole body is unusable; a bad alert is left out.
func decodeAlertmanager(body io.Reader, now time.Time) (*notice, error) {
	n := &notice{batch: batch{unit: "alerts"}}
	d := json.NewDecoder(body)
	if err := n.read(d, now); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("byte %d: ends too early", d.InputOffset())
	} else if err != nil {
		return nil, fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	n.complete()
	return n, nil
}

func (n *notice) read(d *json.Decoder, now time.Time) error {
	if err := expect(d, '{'); err != nil {
		return err
	}
	listed := false
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var member any = new(ignored)
		switch name {
		case "alerts":
			if err := n.readAlerts(d, now); err != nil {
				return err
			}
			listed = true
			continue
		case "receiver":
			member = &n.receiver
		case "groupKey":
			member = &n.groupKey
		case "externalURL":
			member = &n.externalURL
		case "truncatedAlerts":
			member = &n.truncated
		}
		wrong := (*json.UnmarshalTypeError)(nil)
		if err := d.Decode(member); errors.As(err, &wrong) {
			n.notes = append(n.notes, fmt.Sprintf("%v: %v, left out", name, readable(err)))
		} else if err != nil {
			return fmt.Errorf("%v: %w", name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if !listed {
		return errors.New("alerts: missing, expected a list")
	}
	switch _, err := d.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("data after the end of the object")
	default:
		return err
	}
}

// ignored skips an unknown member: later versions may add members.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

func expect(d *json.Decoder, want json.Delim) error {
	switch t, err := d.Token(); {
	case err != nil:
		return err
	case t != want:
		return fmt.Errorf("%s, expected %q", excerpt(20, fmt.Sprint(t)), want.String())
	}
	return nil
}

func (n *notice) readAlerts(d *json.Decoder, now time.Time) error {
	if err := expect(d, '['); err != nil {
		return fmt.Errorf("alerts: %w", err)
	}
	var raw json.RawMessage
	for i := 0; d.More(); i++ {
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("alerts[%d]: %w", i, err)
		}
		if i >= maxAlerts {
			n.leaveOut(i, tooMany, fmt.Errorf("expected at most %d alerts in one body, set max_alerts at the sender", maxAlerts))
			continue
		}
		e, err := n.readAlert(raw, now)
		if err != nil {
			n.leaveOut(i, reasonMalformed, readable(err))
			continue
		}
		n.take(i, e)
	}
	_, err := d.Token()
	return err
}

// readable describes a JSON type error by place, value and expected type.
func readable(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	expected := wrong.Type.Kind().String()
	if expected == "map" || expected == "struct" {
		expected = "object"
	}
	if wrong.Field == "" {
		return fmt.Errorf("%s, expected %s", wrong.Value, expected)
	}
	return fmt.Errorf("%s: %s, expected %s", wrong.Field, wrong.Value, expected)
}

// complete adds the members of the body to every event. Alertmanager sends most of them after the alerts.
func (n *notice) complete() {
	if n.truncated > 0 {
		n.lose(cmp.Or(n.groupKey, n.unit), "truncated", "", fmt.Sprintf("sender cut %d alerts", n.truncated))
	}
	n.externalURL = strings.TrimSpace(n.externalURL)
	shared := make(map[string]any, 3)
	for name, value := range map[string]string{"receiver": n.receiver, "groupKey": n.groupKey, "externalURL": n.externalURL} {
		if value != "" {
			shared[name] = value
		}
	}
	for i := range n.events {
		e := &n.events[i]
		e.Source = cmp.Or(n.externalURL, "alertmanager") // tells the peers of a cluster apart
		if isWeb(n.externalURL) {
			e.Links = append(e.Links, event.Link{URL: n.externalURL, Text: "Alertmanager"})
		}
		maps.Copy(e.Data, shared)
	}
}
