package notifytest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request is a recorded request.
type request struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
}

// parts maps the name of every place in the request to its value: "json.text", "header Authorization 0".
func (r *request) parts() map[string]string {
	parts := map[string]string{"method": r.method, "path": r.url.Path}
	list := func(kind string, values map[string][]string) {
		for name, all := range values {
			for i, value := range all {
				parts[fmt.Sprintf("%s %s %d", kind, name, i)] = value
			}
		}
	}
	list("query", r.url.Query())
	list("header", r.header)
	var document any
	var form url.Values
	var err error
	switch text := bytes.TrimSpace(r.body); {
	case len(text) == 0:
	case text[0] == '{' || text[0] == '[':
		if err = json.Unmarshal(text, &document); err == nil {
			leaves("json", document, parts)
		}
	case text[0] == '<':
		err = elements(text, parts)
	default:
		if form, err = url.ParseQuery(string(text)); err == nil {
			list("form", form)
		}
	}
	if err != nil {
		parts["malformed body"] = string(r.body)
	}
	return parts
}

// leaves adds the values of a JSON document to parts.
func leaves(place string, document any, parts map[string]string) {
	switch d := document.(type) {
	case map[string]any:
		for name, value := range d {
			leaves(place+"."+name, value, parts)
		}
	case []any:
		for i, value := range d {
			leaves(fmt.Sprintf("%s[%d]", place, i), value, parts)
		}
	default:
		parts[place] = fmt.Sprint(d)
	}
}

// elements adds the texts of an XML document to parts.
func elements(text []byte, parts map[string]string) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	place := "xml"
	for count := 0; ; count++ {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			place = fmt.Sprintf("xml %d %s", count, e.Name.Local)
			parts[place] = ""
		case xml.CharData:
			parts[place] += string(e)
		}
	}
}

// shape returns the sorted names of all places. It does not depend on the length of values.
func (r *request) shape() []string { return slices.Sorted(maps.Keys(r.parts())) }

// holds reports whether some value of the request contains word.
func (r *request) holds(word string) bool {
	for _, value := range r.parts() {
		if strings.Contains(value, word) {
			return true
		}
	}
	return false
}
