package catalog

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// TestASectionHasAllItsValues: a section that is not shown, vetted or pinned says so, and every field of Catalog has a section.
func TestASectionHasAllItsValues(t *testing.T) {
	names := map[string]bool{strategies: true} // which are code
	for _, s := range all() {
		names[s.form().name] = true
		values := reflect.ValueOf(s)
		for i := range values.NumField() {
			assert.False(t, values.Field(i).IsNil(), "section %s has no %s", s.form().name, values.Type().Field(i).Name)
		}
	}
	fields := reflect.VisibleFields(reflect.TypeFor[Catalog]())
	for _, f := range fields {
		if f.IsExported() {
			assert.True(t, names[strings.ToLower(f.Name)], "no section for %s", f.Name)
		}
	}
}

// TestASectionMore: whatever is done with a catalog is done with a section that only this test has.
func TestASectionMore(t *testing.T) {
	var towns []string // in the place of a field of Catalog
	s := append(all(), section{
		form: func() field[document] {
			return key("towns", "Where people work.", func(*document) *[]string { return &towns }, list("", "a list of towns", ref[string]("a town")))
		},
		check: func(c *checker) {
			for i, town := range towns {
				if town == "atlantis" {
					c.add(spot{"towns", fault.Path{"towns", i}}, "%s is not there, expected another", town)
				}
			}
		},
		document: func(d *markdown) { d.list("Towns", towns) },
		vet:      func(v *vet) { v.add("far", spot{"towns", fault.Path{"towns", 1}}, "is far away") },
		pin:      func(_ *Catalog, p *Pinned) { p.Plan.Group.By = towns },
	})
	const rest = "version: 1\ndefaults: {owner: a, plan: p}\nteams: {a: {members: [ana]}}\npeople: {ana: {contacts: [mail]}}\n" +
		"plans: {p: {policy: p}}\npolicies: {p: {levels: [{page: [owner]}]}}\n"

	_, err := s.load(files("catalog.yaml", rest+"towns: [ulm, 7]"))
	assert.EqualError(t, err, "catalog.yaml:7:14: towns: found the number 7, expected a town")
	towns = nil
	_, err = s.load(files("catalog.yaml", rest+"towns: [ulm, atlantis]"))
	assert.EqualError(t, err, "catalog.yaml:7:14: towns: atlantis is not there, expected another")
	towns = nil
	c, err := s.load(files("catalog.yaml", rest+"towns: [ulm, bern]"))
	require.NoError(t, err)
	var page bytes.Buffer
	require.NoError(t, s.document(c, &page))
	assert.Contains(t, page.String(), "## Towns\n\n- ulm\n- bern\n")
	assert.Equal(t, []Finding{{"far", "catalog.yaml:7:14", "towns", "is far away"}}, s.vet(c, march, later))
	out, _ := s.compile(c, &Compiled{})
	assert.Equal(t, towns, out.Pin("p").Plan.Group.By)
	assert.NotEqual(t, compiled(t, c).Pin("p").Hash, out.Pin("p").Hash)
}
