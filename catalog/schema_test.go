package catalog

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const schemaFile = "catalog.schema.json"

// TestSchemaIsCurrent holds that the JSON Schema for editors says what the tables say. It is made by -update.
func TestSchemaIsCurrent(t *testing.T) {
	defs := map[string]any{}
	root := schemaOf(all().form().shape, defs).(map[string]any)
	whole := defs["Catalog"].(map[string]any)
	delete(defs, "Catalog")
	require.Equal(t, "#/$defs/Catalog", root["$ref"])
	whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	whole["title"] = "A catalog of tocsin, or the part of it in one file"
	whole["$defs"] = defs
	want, err := json.MarshalIndent(whole, "", "  ")
	require.NoError(t, err)
	want = append(want, '\n')
	if *update {
		require.NoError(t, os.WriteFile(schemaFile, want, 0o644))
	}
	got, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// schemaOf turns a shape into its JSON Schema; mappings with fields go into defs.
func schemaOf(s *shape, defs map[string]any) any {
	switch s.kind {
	case ofFields:
		if defs[s.name] == nil {
			fields := map[string]any{}
			def := map[string]any{"type": "object", "additionalProperties": false, "properties": fields}
			defs[s.name] = def
			var required []string
			for _, f := range s.fields {
				field := schemaOf(f.shape, defs).(map[string]any)
				field["description"] = f.doc
				fields[f.name] = field
				if f.required {
					required = append(required, f.name)
				}
			}
			if required != nil {
				def["required"] = required
			}
		}
		return map[string]any{"$ref": "#/$defs/" + s.name}
	case byName:
		return map[string]any{
			"type": "object", "propertyNames": map[string]any{"minLength": 1}, "additionalProperties": schemaOf(s.items, defs),
		}
	case ofItems:
		return map[string]any{"type": "array", "items": schemaOf(s.items, defs)}
	case ofEither:
		forms := make([]any, len(s.either))
		for i, form := range s.either {
			forms[i] = schemaOf(form, defs)
		}
		return map[string]any{"anyOf": forms}
	case ofNumber:
		return scalarSchema(s, "integer")
	case ofTruth:
		return scalarSchema(s, "boolean")
	}
	return scalarSchema(s, "string")
}

func scalarSchema(s *shape, typ string) map[string]any {
	schema := map[string]any{"type": typ}
	switch {
	case s.pattern != "":
		schema["pattern"] = s.pattern
	case typ == "integer" && len(s.words) > 0:
		schema["const"] = version
	case len(s.words) > 0:
		schema["enum"] = slices.Clone(s.words)
	default:
		schema["title"] = s.what
	}
	return schema
}

// TestPatternsFitWhatIsRead holds that the schema refuses no text that a form reads.
func TestPatternsFitWhatIsRead(t *testing.T) {
	for _, of := range []struct {
		shape *shape
		texts []string
	}{
		{durationForm().shape, []string{"5m", "7d", "1d12h", "1.5h", "5.s", "0s", "1h30m10.5s", "3µs", "3μs"}},
		{staleForm().shape, []string{"never", "7d", "30m"}},
		{rateForm().shape, []string{"3/10m", "1/1d", "100/1m30s"}},
		{countField().shape, []string{"3/10m", "2/1d of labels.detector"}},
		{contactForm().shape, []string{"slack", "slack:@ana", "sms:+49"}},
		{targetForm().shape, []string{"owner", "owner.lead", "person:ana", "schedule:a b", "channel:x", "channel:#pci", "channel:a:#b"}},
		{localTime().shape, []string{"2026-01-05 09:00"}},
		{ref[string]("a name").shape, []string{"a", "ä b", "payments.*"}},
	} {
		for _, text := range of.texts {
			assert.Regexp(t, of.shape.pattern, text)
		}
	}
}
