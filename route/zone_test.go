package route

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAConstantZoneIsChecked(t *testing.T) {
	for _, tt := range []struct{ name, when, fault string }{
		{"a name", `event.time.getHours("Europe/Berlin") < 6`, ""},
		{"an offset", `event.time.getHours("+02:00") < 6`, ""},
		{"UTC", `event.time.getHours("UTC") < 6 && event.time.getMinutes("") < 6`, ""},
		{"no constant", `event.time.getHours(event.subject) < 6`, ""},
		{"another function of the name", `dyn(event.subject).getHours("Europe/Berln") < 6`, "the time zone \"Europe/Berln\" is unknown"},
		{
			"a typing error", "event.type == 'a' &&\n  event.time.getHours('Europe/Berln') < 6",
			`rule "r", line 2, column 23: the time zone "Europe/Berln" is unknown, expected a name such as Europe/Berlin, or an offset such as +02:00`,
		},
		{"a constant that is computed", `event.time.getDayOfWeek("Europe/" + "Berln") == 1`, `"Europe/Berln" is unknown`},
		{"a second one", `event.time.getDate("UTC") == event.time.getDate("UTX")`, `"UTX" is unknown`},
		{"in a loop", `event.labels.exists(k, event.time.getHours("x") < 6)`, `"x" is unknown`},
		{"an offset out of range", `event.time.getHours("+25:00") < 6`, "out of range"},
		{"the machine's own", `event.time.getHours("Local") < 6`, "Local is another one on another machine"},
		{"of a duration", `duration("3s").getHours() < 6`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile([]Rule[int]{{ID: "r", When: tt.when}}, nil)
			if tt.fault == "" {
				require.NoError(t, err)
				return
			}
			var fault *CompileError
			require.ErrorAs(t, err, &fault)
			assert.NotZero(t, fault.Line)
			assert.ErrorContains(t, err, tt.fault)
		})
	}
}

func TestNoZoneDatabase(t *testing.T) {
	none := func(name string) error {
		if name == "UTC" {
			return nil
		}
		return errors.New("unknown time zone " + name)
	}
	assert.NoError(t, zoneFault("UTC", none))
	assert.EqualError(t, zoneFault("Europe/Paris", none),
		`the time zone "Europe/Paris" is unknown, because the machine has no zone database: import _ "time/tzdata", or install tzdata`)
}
