package event

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Cut is a part of an event that [Event.Fit] shortened or left out.
type Cut struct {
	Field  string // as in [RejectedError]: subject, labels.query
	Reason string // the value found and the value expected
}

// Fit brings the parts of e that a sender wrote within the limits of [Event.Check], and returns what it cut. An intake calls it, so
// that a long or odd field does not cost the alert:
//
//   - A text of an identity keeps its identity: it is cut and ends in "~" and a hash of the whole text. These are the id, the source,
//     the type and the dedup key; without a dedup key, also the subject and the values of labels.
//   - Any other text is cut and ends in "…". Invalid UTF-8 and zero bytes become "?".
//   - Of too many labels, those with the shortest names stay. Bad links, a bad time and a bad traceparent are left out.
//   - Data that is too large keeps all members with shorter texts and lists where possible, else the first members.
//
// An empty type becomes [Unclassified]. Fit does not touch Severity, Signal, Fires, Tenant, Intake, StaleAfter and Sender, nor the
// maps and lists that e held before.
func (e *Event) Fit() []Cut {
	if e.Check() == nil {
		return nil
	}
	f := fitter{keyed: e.DedupKey != ""}
	e.Type = cmp.Or(e.Type, Unclassified)
	for _, t := range [...]struct {
		field string
		text  *string
	}{{"id", &e.ID}, {"source", &e.Source}, {"type", &e.Type}} {
		*t.text = f.identity(t.field, *t.text, maxName)
	}
	e.Subject = f.maybeIdentity("subject", e.Subject, maxName)
	if reason := textFault(e.DedupKey, maxKey); reason != "" { // to the length of a key: Class.Key then keeps it
		f.cut("dedup key", reason)
		e.DedupKey = digested(e.DedupKey, longestKey)
	}
	e.Summary = f.text("summary", e.Summary, MaxSummary)
	if !ValidTraceParent(e.TraceParent) {
		e.TraceParent = ""
	}
	if reason := e.timeFault(); reason != "" {
		f.cut("time", reason)
		e.Time = time.Time{}
	}
	e.Labels = f.labels(e.Labels)
	e.Links = f.links(e.Links)
	e.Data = f.data(e.Data)
	return f.cuts
}

// fitter collects the cuts of one event.
type fitter struct {
	keyed bool // the event has a dedup key of its own
	cuts  []Cut
}

func (f *fitter) cut(field, reason string) { f.cuts = append(f.cuts, Cut{field, reason}) }

func (f *fitter) text(field, s string, limit int) string {
	if reason := textFault(s, limit); reason != "" {
		f.cut(field, reason)
		return Mend(s, limit)
	}
	return s
}

func (f *fitter) identity(field, s string, limit int) string {
	if reason := textFault(s, limit); reason != "" {
		f.cut(field, reason)
		return digested(s, limit)
	}
	return s
}

// maybeIdentity cuts a text that a class may put into the dedup key, which it does only if the event has none of its own.
func (f *fitter) maybeIdentity(field, s string, limit int) string {
	if f.keyed {
		return f.text(field, s, limit)
	}
	return f.identity(field, s, limit)
}

func (f *fitter) labels(all map[string]string) map[string]string {
	_, reason := (&Event{Labels: all}).labelFault()
	if reason == "" {
		return all
	}
	names := slices.Collect(maps.Keys(all))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	if len(names) > maxLabels {
		f.cut("labels", reason)
		names = names[:maxLabels]
	}
	kept := make(map[string]string, len(names))
	for _, name := range names {
		kept[f.identity("labels", name, maxName)] = f.maybeIdentity("labels."+Mend(name, maxName), all[name], maxValue)
	}
	return kept
}

func (f *fitter) links(all []Link) []Link {
	var kept []Link
	for _, l := range all {
		field, reason := (&Event{Links: []Link{l}}).linkFault()
		if reason != "" && textFault(l.Text, maxValue) != "" {
			l.Text = Mend(l.Text, maxName)
			f.cut("links", reason)
			field, reason = (&Event{Links: []Link{l}}).linkFault()
		}
		if field == "" {
			kept = append(kept, l)
		} else {
			f.cut("links", reason)
		}
	}
	if len(kept) > maxLinks {
		_, reason := (&Event{Links: kept}).linkFault()
		f.cut("links", reason)
		kept = kept[:maxLinks]
	}
	return kept
}

// room is what cut data leaves free for members that an intake adds, such as the note of the cut.
const room = 2 << 10

func (f *fitter) data(all map[string]any) map[string]any {
	budget := maxData
	reason := dataFault(all, 0, &budget)
	if reason == "" {
		return all
	}
	f.cut("data", reason)
	var kept any
	for _, t := range [...]trimmer{{text: maxData, list: maxData}, {text: 4 << 10, list: 1000}, {text: 1 << 10, list: 100}, {text: 256, list: 20}, {text: 64, list: 5}} {
		t.left = maxData - room
		if kept = t.trim(all, 0); !t.full {
			break
		}
	}
	return kept.(map[string]any)
}

// trimmer copies data within a budget, counted as in dataFault.
type trimmer struct {
	text, list int  // bytes of a text, elements of a list
	left       int  // of the budget
	full       bool // something found no room
}

func (t *trimmer) trim(v any, depth int) any {
	t.left -= 8
	switch v := v.(type) {
	case string:
		return t.fitting(v)
	case json.Number:
		if len(v) > t.text || len(v) > t.left || numberFault(v) != "" {
			return t.fitting(v.String())
		}
		t.left -= len(v)
		return v
	case fmt.Stringer: // a time or a duration of an expression
		return t.fitting(fmt.Sprint(v))
	case map[string]any:
		if depth >= maxDepth && len(v) > 0 {
			return nil
		}
		return t.members(v, depth)
	case []any:
		if depth >= maxDepth && len(v) > 0 {
			return nil
		}
		list := []any{}
		for _, element := range v[:min(len(v), t.list)] {
			if !t.has(8) {
				break
			}
			list = append(list, t.trim(element, depth+1))
		}
		return list
	}
	budget := 8
	if dataFault(v, 0, &budget) != "" {
		return nil
	}
	return v
}

func (t *trimmer) members(v map[string]any, depth int) map[string]any {
	members := make(map[string]any, min(len(v), t.left/8+1))
	for _, long := range slices.Sorted(maps.Keys(v)) {
		name := Mend(long, min(t.text, maxName))
		if _, twice := members[name]; twice {
			continue
		}
		if !t.has(len(name) + 8) {
			break
		}
		t.left -= len(name)
		members[name] = t.trim(v[long], depth+1)
	}
	return members
}

// has reports whether n more bytes fit. It notes that they do not.
func (t *trimmer) has(n int) bool {
	t.full = t.full || t.left < n
	return t.left >= n
}

func (t *trimmer) fitting(s string) string {
	if s = Mend(s, t.text); !t.has(len(s)) {
		return ""
	}
	t.left -= len(s)
	return s
}
