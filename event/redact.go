package event

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-dev/tocsin/internal/redact"
)

// Redact takes the secrets out of e: values of labels and of data whose names are those of secrets, and in all texts and names what has the form
// of one, as in token=x, https://user:x@host or a private key. Each becomes ***. Tenant, Intake and TraceParent stay. Submit calls it before anything is decided or stored. Redact copies the maps and lists that it changes.
//
// Events that differ stay apart: where a text may be part of the dedup key, *** is followed by "~" and five hexadecimal digits of a hash
// of the secret. Such texts are the id, the source, the type and the dedup key; without a dedup key, also the subject, the summary, the
// labels and the data.
func (e *Event) Redact() {
	r := redactor{style: redact.Tagged}
	r.text(&e.ID)
	r.text(&e.Source)
	r.text(&e.DedupKey)
	if typ := redact.Tagged.Class(e.Type); typ != e.Type {
		e.Type, r.changed = typ, true
	}
	if e.DedupKey != "" {
		r.style = redact.Plain
	}
	r.text(&e.Subject)
	r.text(&e.Summary)
	e.Labels = r.labels(e.Labels)
	if data, changed := r.object(e.Data, false); changed {
		e.Data, r.changed = data, true
	}
	r.style = redact.Plain
	e.Links = r.links(e.Links)
	if r.changed {
		e.Fit() // a mark may be longer than a secret
	}
}

type redactor struct {
	style   redact.Style
	changed bool
}

func (r *redactor) text(s *string) {
	if text := r.style.Text(*s); text != *s {
		*s, r.changed = text, true
	}
}

func (r *redactor) labels(all map[string]string) map[string]string {
	var kept map[string]string
	for name, value := range all {
		text, called := r.style.Named(name, value), redact.Tagged.Text(name)
		if text == value && called == name {
			continue
		}
		if kept == nil {
			kept, r.changed = maps.Clone(all), true
		}
		delete(kept, name)
		kept[called] = text
	}
	if kept == nil {
		return all
	}
	return kept
}

func (r *redactor) links(all []Link) []Link {
	var kept []Link
	for i, link := range all {
		r.text(&link.URL)
		r.text(&link.Text)
		if link == all[i] {
			continue
		}
		if kept == nil {
			kept = slices.Clone(all)
		}
		kept[i] = link
	}
	if kept == nil {
		return all
	}
	return kept
}

// object returns a copy of members without secrets, or false if there are none. secret says that the object is named like one: all its
// values are secrets.
func (r *redactor) object(of map[string]any, secret bool) (map[string]any, bool) {
	var all map[string]any
	pair := !secret && named(of)
	for name, inner := range of {
		within := secret || pair && name == "value"
		v, changed := r.member(name, inner, within)
		called := redact.Tagged.Text(name)
		if !changed {
			v = inner
		}
		if !changed && called == name {
			continue
		}
		if all == nil {
			all = maps.Clone(of)
		}
		delete(all, name)
		all[called] = v
	}
	return all, all != nil
}

// named reports whether an object says the name of a secret, as in {"name": "DB_PASSWORD", "value": "x"}.
func named(of map[string]any) bool {
	if _, ok := of["value"]; !ok {
		return false
	}
	for _, member := range [...]string{"name", "key"} {
		if name, ok := of[member].(string); ok && redact.Name(name) {
			return true
		}
	}
	return false
}

// member returns a value without its secrets, or false if it has none.
func (r *redactor) member(name string, v any, secret bool) (any, bool) {
	switch v := v.(type) {
	case string:
		text := r.scalar(name, v, secret)
		return text, text != v
	case map[string]any:
		return r.object(v, secret || redact.Name(name))
	case []any:
		return r.list(name, v, secret || redact.Name(name))
	case nil, bool:
		return nil, false
	}
	if !secret && !redact.Name(name) {
		return nil, false
	}
	number := fmt.Sprint(v)
	text := r.scalar(name, number, secret)
	return text, text != number
}

func (r *redactor) scalar(name, text string, secret bool) string {
	if secret {
		return r.style.Value(text)
	}
	return r.style.Named(name, text)
}

func (r *redactor) list(name string, of []any, secret bool) (any, bool) {
	var all []any
	for i, inner := range of {
		v, changed := r.member(name, inner, secret)
		if !changed {
			continue
		}
		if all == nil {
			all = slices.Clone(of)
		}
		all[i] = v
	}
	return all, all != nil
}
