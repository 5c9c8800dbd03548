package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

const (
	maxName  = 255     // bytes of an id, a type, a subject or the name of a label
	maxText  = 4 << 10 // bytes kept of an annotation; it is part of no key and may be cut
	maxLinks = 32      // links kept of an alert
	maxWords = 10      // unknown severities reported per body
)

// alert is one alert in a webhook body of Alertmanager.
type alert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

func (n *notice) readAlert(raw []byte, now time.Time) (event.Event, error) {
	var a alert
	if err := json.Unmarshal(raw, &a); err != nil {
		return event.Event{}, err
	}
	if len(a.Labels) == 0 {
		return event.Event{}, errors.New("labels: missing, expected at least one")
	}
	starts, err := instant("startsAt", a.StartsAt)
	if err != nil {
		return event.Event{}, err
	}
	ends, err := instant("endsAt", a.EndsAt)
	if err != nil {
		return event.Event{}, err
	}
	e := event.Event{
		Type: a.class(), Subject: a.Labels["instance"], Severity: n.severity(a.Labels["severity"]), DedupKey: a.Fingerprint,
		Labels: a.Labels, Data: a.data(starts, ends), Links: a.links(),
	}
	if e.DedupKey == "" {
		e.DedupKey = fingerprint(a.Labels)
	}
	switch firing, err := a.firing(ends, now); {
	case err != nil:
		return event.Event{}, err
	case firing:
		e.Time, e.Summary = starts, a.summary(a.Labels["alertname"])
	default:
		e.Signal, e.Time, e.Summary = event.Resolve, ends, a.summary("") // a resolved alert may lack annotations
	}
	if !isText(raw) {
		n.repaired++
	}
	return e, nil
}

func instant(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%s: %.40q, expected a time as in 2006-01-02T15:04:05Z", field, s)
	}
	return t.UTC(), nil
}

// firing reads the status of the alert itself; the status of the group differs. Old senders send no status: endsAt decides.
func (a *alert) firing(ends, now time.Time) (bool, error) {
	switch a.Status {
	case "firing":
		return true, nil
	case "resolved":
		return false, nil
	case "":
		return ends.IsZero() || ends.After(now), nil
	}
	return false, fmt.Errorf("status: %.40q, expected firing or resolved", a.Status)
}

// class returns the label class, else alertmanager.<alertname>. Only the engine may use the classes of findings.
func (a *alert) class() string {
	if typ := a.Labels["class"]; typ != "" && !event.IsFinding(typ) {
		return typ
	}
	if name := a.Labels["alertname"]; name != "" {
		return "alertmanager." + name
	}
	return event.Unclassified
}

func (a *alert) summary(otherwise string) string {
	for _, name := range summaryNames() {
		if text := a.Annotations[name]; text != "" {
			return event.Shorten(text, event.MaxSummary)
		}
	}
	return event.Shorten(otherwise, event.MaxSummary)
}

// fingerprint computes Alertmanager's fingerprint of labels (FNV-1a, 64 bits), which old releases do not send.
func fingerprint(labels map[string]string) string {
	h := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		_, _ = io.WriteString(h, name+"\xff"+labels[name]+"\xff")
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func (a *alert) data(starts, ends time.Time) map[string]any {
	data := make(map[string]any, 6)
	if len(a.Annotations) > 0 {
		annotations := make(map[string]any, len(a.Annotations))
		for name, text := range a.Annotations {
			annotations[name] = event.Shorten(text, maxText)
		}
		data["annotations"] = annotations
	}
	if !starts.IsZero() {
		data["startsAt"] = starts.Format(time.RFC3339Nano)
	}
	if !ends.IsZero() {
		data["endsAt"] = ends.Format(time.RFC3339Nano)
	}
	return data
}

func (a *alert) links() []event.Link {
	var links []event.Link
	if isWeb(a.GeneratorURL) {
		links = append(links, event.Link{URL: a.GeneratorURL, Text: "source"})
	}
	for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
		text, ok := strings.CutSuffix(name, "_url")
		if ok && len(links) < maxLinks-1 && isWeb(a.Annotations[name]) {
			links = append(links, event.Link{URL: a.Annotations[name], Text: event.Shorten(text, maxName)})
		}
	}
	return links
}

// isWeb reports whether an event may hold link. A bad link is dropped; the alert is kept.
func isWeb(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(link) <= 3<<10
}
