package catalog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCountOfAField(t *testing.T) {
	for _, tt := range []struct{ name, class, field, fault string }{
		{"any triggers", "count: 3/10m", "", ""},
		{"values of a label", "count: 3/10m of labels.detector", "labels.detector", ""},
		{"values of data", "count: 3/10m of data.probe.region", "data.probe.region", ""},
		{"the source", "count: 3/10m of source", "source", ""},
		{"no field", `count: "3/10m of "`, "", `count: found "3/10m of ", expected a count in a span, such as 3/10m or 2/10m of labels.detector`},
		{"no of", "count: 3/10m labels.detector", "", `found "3/10m labels.detector", expected a count in a span`},
		{"an unknown field", "count: 3/10m of detector", "", `count of "detector", expected id, source`},
		{"the severity", "count: 3/10m of severity", "", `count of "severity", expected id, source`},
		{
			"a field of the key", "count: 3/10m of labels.host, dedup: [labels.host]", "",
			"count of labels.host, which is the same in all triggers of an alert, expected a field that is not part of the dedup key",
		},
		{"the subject, which is the key", "count: 3/10m of subject", "", "count of subject, which is the same in all triggers of an alert"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(files("a.yaml", "version: 1\ndefaults: {owner: a, plan: p}\nteams: {a: {}}\nplans: {p: {policy: p}}\n"+
				"policies: {p: {levels: [{page: [owner]}]}}\nclasses: {probe.failed: {"+tt.class+"}}\n"))
			if tt.fault != "" {
				assert.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			class := c.Classes[0]
			assert.Equal(t, tt.field, class.CountOf)
			assert.Equal(t, 3, class.Count)
			assert.Equal(t, 10*time.Minute, class.Within)
		})
	}
}
