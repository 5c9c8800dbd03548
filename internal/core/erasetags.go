package core

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
)

// The tag "erase" of a field says what its texts are. A field without the tag has that of the field around it.
const (
	eraseKeep  = "keep"  // ids, names by which something is found, and words of a closed set: they stay
	eraseWords = "words" // words are taken out
	eraseBy    = "by"    // the id of a person: it stays, and says who wrote the texts tagged said beside it
	eraseSaid  = "said"  // the words, or the address, of the person beside it: all is taken out if that is the person
)

// take takes out of v what its tags say, and reports whether anything changed. v is a pointer.
func (x *Eraser) take(w words, v any) (changed bool) {
	r := remover{words: w, person: string(x.person)}
	r.value(reflect.ValueOf(v).Elem(), "", "")
	return r.changed
}

// stands reports whether a word stands anywhere in v, in names too, but not in the ids of persons. v is a pointer.
func (x *Eraser) stands(w words, v any) bool {
	r := remover{words: w, person: string(x.person), look: true}
	r.value(reflect.ValueOf(v).Elem(), "", "")
	return r.changed
}

// remover goes through a value.
type remover struct {
	words   words
	person  string
	look    bool // changes nothing, and looks at names too
	changed bool
}

// value goes through v, whose texts are what the tag says; by wrote those that are tagged said.
func (r *remover) value(v reflect.Value, tag, by string) {
	if tag == eraseBy || tag == eraseKeep && !r.look {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if text := r.text(v.String(), tag, by); text != v.String() {
			r.changed = true
			if !r.look {
				v.SetString(text)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			r.value(v.Elem(), tag, by)
		}
	case reflect.Interface: // in the Data of an event
		if !v.IsNil() {
			r.any(v, tag, by)
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.value(v.Index(i), tag, by)
		}
	case reflect.Map:
		r.entries(v, tag, by)
	case reflect.Struct:
		r.fields(v, tag)
	}
}

// any goes through a value of any type. A number has no words in it, but may be one.
func (r *remover) any(v reflect.Value, tag, by string) {
	if n, ok := v.Interface().(json.Number); ok {
		if slices.Contains(r.words, string(n)) {
			if r.changed = true; !r.look {
				v.Set(reflect.ValueOf(erased))
			}
		}
		return
	}
	own := reflect.New(v.Elem().Type()).Elem()
	own.Set(v.Elem())
	if r.value(own, tag, by); !r.look {
		v.Set(own)
	}
}

// text returns what is left of a text.
func (r *remover) text(text, tag, by string) string {
	if tag == eraseSaid && by == r.person && text != "" {
		return erased
	}
	return r.words.text(text)
}

// fields goes through a struct.
func (r *remover) fields(v reflect.Value, tag string) {
	if v.Type() == timeType {
		return
	}
	by := ""
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("erase") == eraseBy {
			by = v.Field(i).String()
		}
	}
	for i := range v.NumField() {
		own, ok := v.Type().Field(i).Tag.Lookup("erase")
		if !ok {
			own = tag
		}
		r.value(v.Field(i), own, by)
	}
}

// entries goes through a map, whose names are texts too.
func (r *remover) entries(v reflect.Value, tag, by string) {
	names := v.MapKeys()
	slices.SortFunc(names, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }) // two may become one
	for _, name := range names {
		to, item := reflect.New(name.Type()).Elem(), reflect.New(v.Type().Elem()).Elem()
		to.Set(name)
		item.Set(v.MapIndex(name))
		r.value(to, tag, by)
		r.value(item, tag, by)
		if r.look {
			continue
		}
		v.SetMapIndex(name, reflect.Value{})
		v.SetMapIndex(to, item)
	}
}
