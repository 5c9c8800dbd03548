package tocsin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/notify"
)

// always is a schedule written in code.
type always []escalate.PersonID

func (a always) OnCall(time.Time) []escalate.PersonID { return a }

// torn is a schedule that panics.
type torn struct{}

func (torn) OnCall(time.Time) []escalate.PersonID { panic("no rotation") }

func TestOnCall(t *testing.T) {
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	week := func(n int) time.Time { return monday.AddDate(0, 0, 7*n) }
	c := twoLevels()
	weekly := func(people ...escalate.PersonID) *oncall.Schedule {
		return &oncall.Schedule{Rotations: []oncall.Rotation{{Start: monday, People: people}}}
	}
	both := weekly("ana", "ben")
	both.Rotations = append(both.Rotations, oncall.Rotation{Start: monday.Add(24 * time.Hour), People: []escalate.PersonID{"ben"}})
	c.Schedules = map[string]escalate.Schedule{
		"turns": weekly("ana", "ben"), "gaps": weekly("ana", "", ""), "one": weekly("ana"), "twice": weekly("ana", "ana", "ben"), "both": both,
		"code": always{"ben"}, "torn": torn{},
	}
	for name := range c.Schedules {
		c.Teams[name] = catalog.Team{Schedule: name}
	}
	bell, err := tocsin.New(&tocsin.Config{Catalog: c, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
	require.NoError(t, err)
	ids := func(all ...escalate.PersonID) []escalate.PersonID { return all }
	for name, tt := range map[string]struct {
		team string
		at   time.Time
		want tocsin.OnCall
	}{
		"in turn":                      {"turns", monday.Add(time.Hour), tocsin.OnCall{People: ids("ana"), Until: week(1), Then: ids("ben")}},
		"at the handoff":               {"turns", week(1), tocsin.OnCall{People: ids("ben"), Until: week(2), Then: ids("ana")}},
		"before the start":             {"turns", monday.Add(-time.Hour), tocsin.OnCall{Until: monday, Then: ids("ana")}},
		"a gap follows":                {"gaps", monday, tocsin.OnCall{People: ids("ana"), Until: week(1)}},
		"in a gap of two weeks":        {"gaps", week(1), tocsin.OnCall{Until: week(3), Then: ids("ana")}},
		"two shifts of one person":     {"twice", monday, tocsin.OnCall{People: ids("ana"), Until: week(2), Then: ids("ben")}},
		"nobody else":                  {"one", monday, tocsin.OnCall{People: ids("ana")}},
		"two rotations, one hands off": {"both", monday.Add(48 * time.Hour), tocsin.OnCall{People: ids("ana", "ben"), Until: week(1), Then: ids("ben")}},
		"a schedule in code":           {"code", monday, tocsin.OnCall{People: ids("ben")}},
		"no schedule":                  {"payments", monday, tocsin.OnCall{People: ids("ana")}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.want.Team = tt.team
			got, err := bell.OnCall(tt.team, tt.at)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	for want, ask := range map[string]struct {
		team string
		at   time.Time
	}{
		`tocsin: on call: team "turn" does not exist, expected one of both, code, gaps, one, payments, torn, turns, twice, did you mean "torn"?`: {"turn", monday},
		"tocsin: on call: the instant is missing, expected one such as time.Now()":                                                               {"turns", time.Time{}},
		"tocsin: on call: team torn: schedule torn: it panicked: no rotation":                                                                    {"torn", monday},
	} {
		_, err := bell.OnCall(ask.team, ask.at)
		require.EqualError(t, err, want)
	}
}

func ExampleEngine_OnCall() {
	bell, err := tocsin.New(&tocsin.Config{
		Notifiers: map[string]notify.Notifier{"chat": &inbox{}},
		Catalog: &catalog.Catalog{
			Defaults: catalog.Defaults{Owner: "db", Plan: "standard"},
			Plans:    map[string]catalog.Plan{"standard": {Policy: "standard"}},
			Policies: map[string]escalate.Policy{"standard": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
			Teams:    map[string]catalog.Team{"db": {Schedule: "db"}},
			People: map[escalate.PersonID]catalog.Person{
				"ana": {Contacts: []escalate.Contact{"chat:@ana"}}, "ben": {Contacts: []escalate.Contact{"chat:@ben"}},
			},
			Schedules: map[string]escalate.Schedule{"db": &oncall.Schedule{Rotations: []oncall.Rotation{
				{Start: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), People: []escalate.PersonID{"ana", "ben"}},
			}}},
		},
	})
	if err != nil {
		panic(err)
	}
	now, err := bell.OnCall("db", time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC))
	fmt.Println(now.People, "until", now.Until.Format("Mon 15:04"), "then", now.Then, err)
	_, err = bell.OnCall("bd", time.Now())
	fmt.Println(err)
	// Output:
	// [ana] until Mon 09:00 then [ben] <nil>
	// tocsin: on call: team "bd" does not exist, expected one of db
}
