package escalate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTargets(t *testing.T) {
	for text, want := range map[Target]ParsedTarget{
		"owner":             {Kind: ToOwner},
		"owner.lead":        {Kind: ToLead},
		"person:ana":        {Kind: ToPerson, Name: "ana"},
		"team:db":           {Kind: ToTeam, Name: "db"},
		"schedule:payments": {Kind: ToSchedule, Name: "payments"},
		"channel:slack":     {Kind: ToChannel, Contact: "slack"},
		"channel:slack:#a":  {Kind: ToChannel, Contact: "slack:#a"},
		"channel:#a":        {Kind: ToChannel, Contact: "default:#a"},
	} {
		got, err := text.Parse()
		assert.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []Target{"", "owner:", "owner.boss", "person", "person:", "schedule:", "channel", "channel:", "channel::#a", "team", "team:", "crew:x"} {
		_, err := text.Parse()
		assert.ErrorContains(t, err, "expected owner, owner.lead, person:NAME", text)
	}
}

func TestContactsSplitAtTheFirstColon(t *testing.T) {
	channel, address := Contact("mail:ana:x").Split()
	assert.Equal(t, []string{"mail", "ana:x"}, []string{channel, address})
	channel, address = Contact("mail").Split()
	assert.Equal(t, []string{"mail", ""}, []string{channel, address})
}

func TestValidatePolicy(t *testing.T) {
	ten, minus, nine := 10, -1, 9
	page := []Level{{Page: []Target{"owner"}}}
	for name, c := range map[string]struct {
		policy Policy
		want   string
	}{
		"no levels":       {Policy{}, "no levels, expected at least one"},
		"repeat too high": {Policy{Levels: page, Repeat: &ten}, "repeat 10, expected 0 to 9"},
		"repeat negative": {Policy{Levels: page, Repeat: &minus}, "repeat -1, expected 0 to 9"},
		"wait too short":  {Policy{Levels: []Level{page[0], {Wait: time.Millisecond}}}, "level 2: wait 1ms, expected at least 1s"},
		"wait negative":   {Policy{Levels: []Level{{Wait: -time.Hour}}}, "level 1: wait -1h0m0s, expected at least 1s"},
		"bad target":      {Policy{Levels: []Level{{Page: []Target{"who"}}}}, `level 1: target "who", expected owner`},
		"good":            {Policy{Levels: page, Repeat: &nine}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.policy.Validate()
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestWaitOf(t *testing.T) {
	p := Policy{Levels: []Level{{}, {Wait: time.Minute}}}
	for level, want := range map[int]time.Duration{0: defaultWait, 1: defaultWait, 2: time.Minute, 3: defaultWait} {
		assert.Equal(t, want, p.WaitOf(level), level)
	}
}
