package catalog

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const (
	referenceFile = "../docs/catalog.md"
	everyKeyFile  = "testdata/reference/every-key.yaml"
)

const referenceHead = `# The catalog in YAML

` + "`catalog.Load(os.DirFS(\"/etc/tocsin\"))`" + ` reads every .yaml and .yml file of a directory and its subdirectories as one catalog, so that each
team may have a file. It skips names that begin with a dot. Sections of names are united. A name that stands twice is an error. Each error
has file, line and column. ` + "`catalog.schema.json`" + ` is the JSON Schema for editors.

A duration is written 30s, 5m, 1h30m or 7d. A rate is a count in a span, such as 3/10m. Conditions are expressions in
[CEL](../route/INDEX.md). Text with a colon, a brace or a number sign needs quotes. NAME in a heading stands for any name.

This page is made from the forms that read the YAML. An empty default means that nothing happens without the key. The examples are those of
[every-key.yaml](../catalog/testdata/reference/every-key.yaml), a catalog that Load accepts.
`

// TestReferenceIsCurrent holds that docs/catalog.md says what the forms say. It is made by -update.
func TestReferenceIsCurrent(t *testing.T) {
	loaded(t, everyKeyFile)
	text, err := os.ReadFile(everyKeyFile)
	require.NoError(t, err)
	var examples yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &examples))

	r := &reference{t: t, named: map[string]string{}}
	r.WriteString(referenceHead)
	r.mapping("", all().form().shape, examples.Content)
	want := r.String()
	if *update {
		require.NoError(t, os.WriteFile(referenceFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(referenceFile)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "make it anew with go test ./catalog -run TestReferenceIsCurrent -update")
	assert.Greater(t, r.keys, 100, "keys")
}

// reference writes one table for each mapping with fields.
type reference struct {
	strings.Builder
	t     *testing.T
	named map[string]string // headings by the names of mappings that stand in several places
	keys  int
}

// mapping writes the table of a mapping with fields at the path, and those of the mappings in it. examples are the mappings that the
// examples have there.
func (r *reference) mapping(path string, s *shape, examples []*yaml.Node) {
	if path != "" {
		r.named[s.name] = path
		fmt.Fprintf(r, "\n## %s\n", path)
	}
	r.WriteString("\n| key | type | default | example | what it says |\n| --- | --- | --- | --- | --- |\n")
	type inner struct {
		path     string
		shape    *shape
		examples []*yaml.Node
	}
	var later []inner
	for _, f := range s.fields {
		r.keys++
		found := valuesOf(examples, f.name)
		in := strings.TrimPrefix(path+"."+f.name, ".")
		within, at, deeper := contentOf(in, f.shape, found)
		typ := f.shape.what
		if f.shape.kind == byName && f.shape.items.kind == byName {
			typ += ", each a " + f.shape.items.what[len("a "):]
		}
		if within != nil {
			typ += ", " + r.link(within, at)
			if r.named[within.name] == "" {
				r.named[within.name] = at
				later = append(later, inner{at, within, deeper})
			}
		}
		says, usual := defaultOf(&f)
		fmt.Fprintf(r, "| %s | %s | %s | %s | %s |\n", f.name, cell(typ), cell(usual), r.example(in, f.shape, within, found), cell(says))
	}
	for _, l := range later {
		r.mapping(l.path, l.shape, l.examples)
	}
}

// link leads to the table of a mapping.
func (r *reference) link(s *shape, path string) string {
	path = cmp.Or(r.named[s.name], path)
	anchor := strings.NewReplacer(".", "", " ", "-").Replace(strings.ToLower(path))
	return fmt.Sprintf("see [%s](#%s)", path, anchor)
}

// contentOf returns the mapping with fields that values of the shape hold, its path and its examples; nil if they hold none.
func contentOf(path string, s *shape, examples []*yaml.Node) (*shape, string, []*yaml.Node) {
	switch s.kind {
	case ofFields:
		return s, path, examples
	case byName:
		var values []*yaml.Node
		for _, e := range examples {
			for i := 1; i < len(e.Content); i += 2 {
				values = append(values, e.Content[i])
			}
		}
		return contentOf(path+".NAME", s.items, values)
	case ofItems:
		var items []*yaml.Node
		for _, e := range examples {
			items = append(items, e.Content...)
		}
		return contentOf(path, s.items, items)
	case ofEither:
		for _, form := range s.either {
			if within, at, deeper := contentOf(path, form, examples); within != nil {
				return within, at, deeper
			}
		}
	}
	return nil, "", nil
}

// valuesOf returns the values of a key in the mappings among the nodes.
func valuesOf(nodes []*yaml.Node, key string) (found []*yaml.Node) {
	for _, n := range nodes {
		for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				found = append(found, n.Content[i+1])
			}
		}
	}
	return found
}

// defaultOf splits the text of a field into what it says and what holds without it.
func defaultOf(f *fieldShape) (says, usual string) {
	says, usual, _ = strings.Cut(f.doc, " Without it: ")
	says, need, required := strings.Cut(says, " Required")
	switch {
	case f.required || required:
		usual = "required" + strings.TrimSuffix(need, ".")
	case usual == "" && f.shape.kind == ofTruth:
		usual = "false"
	}
	return says, strings.TrimSuffix(usual, ".")
}

// example returns the example of a key in one line; one that holds mappings is left to their tables.
func (r *reference) example(path string, s *shape, within *shape, found []*yaml.Node) string {
	if within != nil && s.kind != ofEither {
		return ""
	}
	if len(found) == 0 {
		word := generic(s)
		assert.NotEmpty(r.t, word, "%s has no example in %s", path, everyKeyFile)
		return code(word)
	}
	n := *found[0]
	n.Style = yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		n.Style = found[0].Style
	}
	text, err := yaml.Marshal(&n)
	require.NoError(r.t, err)
	return code(strings.TrimSpace(string(text)))
}

// generic returns an example from what the form itself says: its first word, or what follows "such as".
func generic(s *shape) string {
	if len(s.words) > 0 {
		return s.words[0]
	}
	_, such, _ := strings.Cut(s.what, "such as ")
	first, _, _ := strings.Cut(such, ",")
	return first
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "|", "\\|") + "`" }

// cell keeps a text from being read as more than one cell, or as HTML.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "\\<", "*", "\\*").Replace(text)
}
