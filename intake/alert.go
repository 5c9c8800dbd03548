package intake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

const (
	maxName  = 255     // bytes of a name
	maxText  = 4 << 10 // bytes of a label of a log record
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
	err := json.Unmarshal(raw, &a)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && bytes.HasPrefix(raw, []byte("{")) {
		a, err = n.readOdd(raw)
	}
	if err != nil {
		return event.Event{}, err
	}
	if len(a.Labels)+len(a.Annotations) == 0 && a.Fingerprint == "" {
		return event.Event{}, errors.New("labels: missing, expected at least one")
	}
	starts, ends := n.instant("startsAt", a.StartsAt), n.instant("endsAt", a.EndsAt)
	e := event.Event{
		Type: a.class(), Subject: a.Labels["instance"], Severity: n.severity(a.Labels["severity"]), DedupKey: a.Fingerprint,
		Labels: a.Labels, Data: a.data(), Links: a.links(), Summary: a.summary(),
	}
	if e.DedupKey == "" {
		e.DedupKey = fingerprint(a.Labels)
	}
	switch a.Status = normal(a.Status); {
	case a.Status == "resolved", a.Status != "firing" && !ends.IsZero() && !ends.After(now): // old senders send no status
		e.Signal, e.Time = event.Resolve, ends
	default:
		e.Time, e.Summary = starts, cmp.Or(e.Summary, a.named(""), e.Type)
	}
	if a.Status != "firing" && a.Status != "resolved" && a.Status != "" {
		n.leave("status", fmt.Errorf("%s, expected firing or resolved", excerpt(40, a.Status)))
	}
	if !isText(raw) {
		n.repaired++
	}
	return e, nil
}

// readOdd reads an alert with a member of an unexpected type. A number stands for its text; what has no text is left out.
func (n *notice) readOdd(raw []byte) (alert, error) {
	v, err := readValue(raw, math.MaxInt) // the depth of the body is limited
	if err != nil {
		return alert{}, err
	}
	members := v.of.(map[string]any) // raw is an object
	a := alert{Labels: n.labels("labels", members["labels"]), Annotations: n.labels("annotations", members["annotations"])}
	for _, member := range [...]struct {
		name string
		to   *string
	}{
		{"status", &a.Status}, {"startsAt", &a.StartsAt}, {"endsAt", &a.EndsAt}, {"generatorURL", &a.GeneratorURL}, {"fingerprint", &a.Fingerprint},
	} {
		v := members[member.name]
		text, ok := textOf(v)
		if !ok {
			n.leave(member.name, fmt.Errorf("a %s, expected a text", kindOf(v)))
		}
		*member.to = text
	}
	return a, nil
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

// fingerprint computes Alertmanager's fingerprint of labels (FNV-1a, 64 bits), which old releases do not send.
func fingerprint(labels map[string]string) string {
	h := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		_, _ = io.WriteString(h, name+"\xff"+labels[name]+"\xff")
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func (a *alert) data() map[string]any {
	data := make(map[string]any, 8)
	if len(a.Annotations) > 0 {
		annotations := make(map[string]any, len(a.Annotations))
		for name, text := range a.Annotations {
			annotations[name] = text
		}
		data["annotations"] = annotations
	}
	for name, text := range map[string]string{"startsAt": a.StartsAt, "endsAt": a.EndsAt} {
		if at, err := timeOf(text); err != nil {
			data[name] = text
		} else if !at.IsZero() {
			data[name] = at.Format(time.RFC3339Nano)
		}
	}
	if !isWeb(a.GeneratorURL) && a.GeneratorURL != "" {
		data["generatorURL"] = a.GeneratorURL
	}
	return data
}

func (a *alert) links() []event.Link {
	var links []event.Link
	if isWeb(a.GeneratorURL) {
		links = append(links, event.Link{URL: strings.TrimSpace(a.GeneratorURL), Text: "source"})
	}
	for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
		text, ok := strings.CutSuffix(name, "_url")
		if ok && isWeb(a.Annotations[name]) {
			links = append(links, event.Link{URL: strings.TrimSpace(a.Annotations[name]), Text: text})
		}
	}
	return links
}

// isWeb reports whether link may become a link of an event. White space around it does not count.
func isWeb(link string) bool {
	u, err := url.Parse(strings.TrimSpace(link))
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
