package catalog

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFindZone(t *testing.T) {
	none := func(name string) (*time.Location, error) { return nil, errors.New("unknown time zone " + name) }
	for _, tt := range []struct {
		name, zone string
		load       func(string) (*time.Location, error)
		fault      string
	}{
		{"known", "Europe/Berlin", time.LoadLocation, ""},
		{"unknown", "Europe/Berln", time.LoadLocation, `found "Europe/Berln", expected a time zone such as Europe/Berlin`},
		{"the machine's own", "Local", time.LoadLocation, `found "Local", expected a time zone such as Europe/Berlin`},
		{
			"no database", "Europe/Paris", none,
			`found "Europe/Paris", but the machine has no zone database: import _ "time/tzdata", or install tzdata`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			zone, err := findZone(tt.zone, tt.load)
			if tt.fault != "" {
				assert.EqualError(t, err, tt.fault)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, tt.zone, zone.String())
		})
	}
}
