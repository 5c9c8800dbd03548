// Package schema holds the JSON Schema of catalogs against files that Load takes, and against such that it refuses.
package schema

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

const catalogs = "../../catalog/"

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(catalogs + "catalog.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func glob(t *testing.T, patterns ...string) []string {
	t.Helper()
	var all []string
	for _, p := range patterns {
		names, err := filepath.Glob(p)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no file (%v)", p, err)
		}
		all = append(all, names...)
	}
	return all
}

// check holds one file of YAML against the schema, as an editor does: by way of JSON.
func check(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(value)
	if err != nil {
		return err // a key is no text
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(string(doc)))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

func TestTheSchemaTakesWhatLoadTakes(t *testing.T) {
	schema := compiled(t)
	for _, file := range glob(t, catalogs+"testdata/valid/*.yaml", catalogs+"testdata/reference/*.yaml", "../../tocsintest/testdata/*/*.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(t, schema, string(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Files of the kind "structure" are wrong in their form alone, which a schema can tell. Not so those whose fault is what
// another file might hold.
func TestTheSchemaRefusesWhatIsWrongInItsForm(t *testing.T) {
	schema := compiled(t)
	beyond := map[string]bool{"structure-version-missing": true}
	for _, file := range glob(t, catalogs+"testdata/errors/structure-*.txt") {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		story, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(story), " --\n")
		text, _, _ = strings.Cut(text, "\n-- ")
		if err := check(t, schema, text); (err == nil) != beyond[name] {
			t.Errorf("%s: %v", name, err)
		}
	}
}
