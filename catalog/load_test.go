package catalog

import (
	"bytes"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"

	_ "time/tzdata"
)

// files makes a file system of names and texts in turn.
func files(list ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(list); i += 2 {
		fsys[list[i]] = &fstest.MapFile{Data: []byte(list[i+1])}
	}
	return fsys
}

func loaded(t *testing.T, file string) *Catalog {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	c, err := Load(files("catalog.yaml", string(text)))
	require.NoError(t, err)
	return c
}

func berlin(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return zone
}

// same compares what two catalogs say, wherever they stand.
func same(t *testing.T, want, got *Catalog) {
	t.Helper()
	w, g := *want, *got
	w.places, g.places = nil, nil
	assert.Equal(t, w, g)
}

// TestStrategiesOfTheProgram: what a level names and YAML cannot hold may be added after Load; without it Validate says so,
// with the place.
func TestStrategiesOfTheProgram(t *testing.T) {
	text, err := os.ReadFile("testdata/valid/two-teams.yaml")
	require.NoError(t, err)
	c, err := Load(files("catalog.yaml", string(text), "more.yaml", `policies: {pairs: {levels: [{page: [owner], strategy: pairs}]}}`))
	require.NoError(t, err)
	assert.EqualError(t, c.Validate(), `more.yaml:1:55: policy "pairs": level 1: strategy "pairs" does not exist, expected one of all, round-robin, next, least-loaded`)
	c.Strategies = map[string]escalate.Strategy{"pairs": escalate.BuiltinStrategy(escalate.PickNext)}
	require.NoError(t, c.Validate())
}

func TestLoadReadsWhatItSays(t *testing.T) {
	c := loaded(t, "testdata/valid/two-teams.yaml")
	zone := berlin(t)
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, zone)
	schedule := func(people ...escalate.PersonID) escalate.Schedule {
		return &oncall.Schedule{Zone: zone, Rotations: []oncall.Rotation{{Start: monday, People: people}}}
	}
	same(t, &Catalog{
		Defaults: Defaults{Owner: "platform", Plan: "default"},
		People: map[escalate.PersonID]Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana", "sms:+491500000001"}},
			"ben": {Contacts: []escalate.Contact{"slack:@ben", "sms:+491500000002"}},
			"cho": {Contacts: []escalate.Contact{"slack:@cho"}}, "dee": {Contacts: []escalate.Contact{"slack:@dee"}},
		},
		Teams: map[string]Team{
			"payments": {Members: []escalate.PersonID{"ana", "ben"}, Schedule: "payments", Lead: "ben"},
			"platform": {Members: []escalate.PersonID{"cho", "dee"}, Schedule: "platform", Lead: "dee"},
		},
		Schedules: map[string]escalate.Schedule{"payments": schedule("ben", "ana"), "platform": schedule("cho", "dee")},
		Services: map[string]Service{
			"checkout": {Owner: "payments", Tier: 1, Needs: []string{"ledger"}},
			"ledger":   {Owner: "payments", Tier: 1}, "hub": {Owner: "platform", Tier: 2},
		},
		Capabilities: map[string]Capability{"paying": {Services: []string{"checkout"}, Owner: "payments"}},
		Classes: []event.Class{
			{Name: "payments.*", Service: "checkout", Plan: "payments"},
			{Name: "payments.payout.stuck", Severity: severity.Critical, Dedup: []string{"labels.merchant"}, Runbook: "https://wiki/payout"},
			{Name: "payments.ledger.lag", Service: "ledger", Severity: severity.Warning, For: 2 * time.Minute, Runbook: "https://wiki/lag"},
			{
				Name: "k8s.deployment.unavailable", Service: "hub", Severity: severity.Error,
				Count: 3, Within: 10 * time.Minute, Runbook: "restart-api",
			},
		},
		Plans: map[string]Plan{
			"default": {Policy: "standard"}, "payments": {Policy: "standard", Comms: "customers", Roles: []incident.Role{"commander"}},
		},
		Policies: map[string]escalate.Policy{"standard": {Repeat: new(3), Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 5 * time.Minute}, {Page: []escalate.Target{"owner.lead"}, Wait: 10 * time.Minute},
		}}},
		Comms: map[string]Comms{"customers": {
			Audiences: []string{"status-page", "email"},
			First:     map[severity.Priority]time.Duration{severity.P1: 15 * time.Minute, severity.P2: 30 * time.Minute},
			Every:     map[severity.Priority]time.Duration{severity.P1: 30 * time.Minute, severity.P2: time.Hour},
			Approve:   "commander",
			Messages: map[comms.Stage]string{
				"investigating": "Some payments fail since {{.Since}}. We are looking into it. Next update {{.NextUpdate}}.",
				"resolved":      "Payments work again since {{.ResolvedAt}}.",
			},
		}},
	}, c)
	_, err := c.Compile()
	require.NoError(t, err)
}

// everything has every field that YAML can say.
func everything(t *testing.T) *Catalog {
	c := whole()
	matrix := severity.DefaultMatrix()
	matrix[0][0] = severity.P4
	c.Matrix = matrix
	c.Schedules = map[string]escalate.Schedule{"nights": &oncall.Schedule{Zone: berlin(t), Rotations: []oncall.Rotation{
		{Start: time.Date(2026, 1, 5, 9, 0, 0, 0, berlin(t)), People: []escalate.PersonID{"ana", "", "ben"}},
	}}, "days": &oncall.Schedule{Rotations: []oncall.Rotation{
		{Start: time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC), People: []escalate.PersonID{"ben"}},
	}}}
	c.Classes = append(c.Classes, event.Class{
		Name: "shop.*", Kind: event.Changes, Severity: severity.Info, Service: "checkout", Owner: "shop", Plan: "quick", Runbook: "r",
		Dedup: []string{"subject", "labels.a"}, Require: []string{"labels.a", "data.b.c"},
		For: 90 * time.Second, Count: 2, Within: 7 * 24 * time.Hour, CountOf: "labels.detector", StaleAfter: 36 * time.Hour,
	}, event.Class{
		Name: "shop.door", StaleAfter: event.Never, Plan: "quick", Plans: map[severity.Priority]string{severity.P1: "standard", severity.P2: "standard"},
	}, event.Class{Name: "shop.gate", Plans: map[severity.Priority]string{severity.P5: "quick"}})
	c.Routes[len(c.Routes)-1].Plans = map[severity.Priority]string{severity.P3: "standard"}
	c.Severities = map[string]map[string]severity.Level{"alertmanager": {"page": severity.Critical, "ticket": severity.Warning}}
	c.Plans["slow"] = Plan{
		Policy: "on", GroupWait: new(time.Minute), Soak: new(time.Duration), ResolveOn: incident.OnLast, Recovered: incident.Resolved,
		Reopen: new(time.Hour + time.Millisecond), Comms: "customers", Roles: []incident.Role{"scribe"},
		Group: Grouping{By: []string{"class", "labels.region"}, Any: true, Window: time.Hour, MaxAge: time.Minute, MaxMembers: -1, OnJoin: JoinPage},
	}
	c.Policies["on"] = escalate.Policy{Repeat: new(0), Inform: true, Levels: []escalate.Level{
		{Page: []escalate.Target{"channel:#x"}, Wait: time.Hour, Strategy: escalate.PickNext},
	}}
	c.Runbooks = map[string]automate.Runbook{
		"restart": {
			Owner: "shop", When: `event.type == "db.down"` + "\n|| false", Mode: automate.Auto, On: "labels.deployment", Owning: true, Deadline: 20 * time.Minute,
			Limit: automate.Limit{
				Subject: automate.Rate{Count: 2, Per: 30 * time.Minute}, Fleet: automate.Rate{Count: 5, Per: time.Hour},
				Subjects: automate.Rate{Count: 4, Per: time.Hour}, Cooldown: 10 * time.Minute, Concurrent: 2,
				Masking: automate.Rate{Count: 3, Per: 24 * time.Hour},
			},
			Steps: []automate.Step{
				{Do: "top-queries", BeforePage: true, Deadline: 5 * time.Second, Args: map[string]string{"zone": "$labels.zone", "n": "1, 2"}},
				{Do: "restart", Wait: 2 * time.Minute},
				{Wait: time.Minute},
				{Check: "ready"},
				{Ask: "Look at the last deploy; roll back if it is younger than an hour.\n"},
			},
		},
		"fail-over": {Owner: "platform", Mode: automate.Manual, Steps: []automate.Step{{Ask: "Fail over."}}},
		"r":         {Owner: "platform", When: "true", Steps: []automate.Step{{Do: "restart"}}},
	}
	c.Channels = map[string]Channel{"sms": {Rates: []automate.Rate{{Count: 60, Per: time.Minute}}, Person: []automate.Rate{{Count: 5, Per: 15 * time.Minute}, {Count: 11, Per: time.Hour}}, Needs: []string{"db"}}}
	c.Comms = map[string]Comms{"customers": {
		Audiences: []string{"mail", "support"}, First: map[severity.Priority]time.Duration{severity.P5: time.Minute}, Approve: "scribe",
		Every: map[severity.Priority]time.Duration{severity.P1: time.Hour}, Then: []string{"deputy"}, Valid: 20 * time.Minute,
		Require: []string{"Affected"}, Affected: "everybody",
		Messages: map[comms.Stage]string{"investigating": "{{.Impaired}}", "resolved": "yes: 1\n # no\r\n"},
		Words:    map[string]map[comms.Stage]string{"support": {"identified": "{{.Doing}}"}},
		Variants: []Variant{{When: "label(\"region\") == \"eu\"\n|| false", Use: "eu"}},
	}, "eu": {Messages: map[comms.Stage]string{"investigating": "a", "resolved": "b"}}}
	c.Audiences = map[string]Audience{"mail": {
		Kind: Outside, Channels: []escalate.Contact{"mail:all"}, Fallback: []escalate.Contact{"sms:bulk"}, When: `label("region") != "us"`,
	}}
	checkout := c.Services["checkout"]
	checkout.Name, checkout.Impaired = "Checkout", "Some payments fail."
	c.Services["checkout"] = checkout
	c.Messages = map[notify.Kind]notify.Template{notify.AllClear: {Title: "{{.Summary}} is \"over\""}, notify.Page: {Text: "{{.Why}}\n"}}
	c.Impact[0].When = "label(\"env\") == \"test\"\n&& true"
	return c
}

func TestRoundTrip(t *testing.T) {
	for name, c := range map[string]*Catalog{
		"everything": everything(t), "built-in": Builtin(nil), "API.md": loaded(t, "testdata/valid/two-teams.yaml"),
	} {
		t.Run(name, func(t *testing.T) {
			var first, second bytes.Buffer
			require.NoError(t, c.WriteYAML(&first))
			again, err := Load(files("catalog.yaml", first.String()))
			require.NoError(t, err)
			want := *c
			if len(want.Services) == 0 {
				want.Services = nil // YAML does not tell none from nil
			}
			same(t, &want, again)
			require.NoError(t, again.WriteYAML(&second))
			assert.Equal(t, first.String(), second.String())
		})
	}
}

func TestWhatHasNoFormInYAML(t *testing.T) {
	c := whole()
	c.Strategies = map[string]escalate.Strategy{"mine": escalate.BuiltinStrategy("all")}
	c.Schedules["odd"] = &oncall.Schedule{
		Zone: time.FixedZone("here", 3600), Rotations: []oncall.Rotation{{Start: time.Unix(0, 0), People: []escalate.PersonID{"ana"}}},
	}
	c.Schedules["second"] = &oncall.Schedule{Rotations: []oncall.Rotation{{Start: time.Unix(1, 0), People: []escalate.PersonID{"ana"}}}}
	var out bytes.Buffer
	assert.EqualError(t, c.WriteYAML(&out), `catalog: strategy "mine": is code, and has no form in YAML
catalog: schedule "nights": is a catalog.onCall, and only an *oncall.Schedule has a form in YAML
catalog: schedule "odd": zone: found "here", expected a time zone such as Europe/Berlin
catalog: schedule "second": rotation 1: start 1970-01-01 00:00:01 +0000 UTC has no form in YAML, which is in minutes of local time`)
	assert.Zero(t, out.Len())
}

func TestFilesOfTeamsAreOneCatalog(t *testing.T) {
	c, err := Load(files(
		"a/org.yaml", "version: 1\ndefaults: {owner: a, plan: p}\nplans: {p: {policy: p}}\npolicies: {p: {levels: [{page: [owner]}]}}\n",
		"a/one.yml", "version: 1\nteams: {a: {}}\nroutes: [{id: first, when: 'true', continue: true, also: [owner]}]\nmessages: {page: {title: x}}\n",
		"b/two.yaml", "teams: {b: {}}\nroutes: [{id: second, when: 'true', owner: b}]\nmessages: {notice: {title: y}}\n",
		"b/notes.txt", "no YAML: :",
		".git/x.yaml", ":", "..data/x.yaml", ":", ".x.yaml", ":",
	))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, sorted(c.Teams))
	assert.Equal(t, []string{"first", "second"}, []string{c.Routes[0].ID, c.Routes[1].ID})
	assert.Len(t, c.Messages, 2)
}

func TestNoFileIsAnError(t *testing.T) {
	locked := t.TempDir()
	require.NoError(t, os.Mkdir(locked+"/a.yaml", 0o700), "a directory in place of a file reads as one that cannot be read")
	dangling := t.TempDir()
	require.NoError(t, os.Symlink("nowhere", dangling+"/a.yaml"))
	empty := t.TempDir()
	for name, tt := range map[string]struct {
		files fs.FS
		want  string
	}{
		"no file system":       {nil, `catalog: the file system is nil, expected one such as os.DirFS("/etc/tocsin")`},
		"no YAML":              {files("readme.md", "hello"), `catalog: directory ".": it holds no catalog, expected .yaml or .yml files in it`},
		"an empty directory":   {os.DirFS(empty), `catalog: directory "` + empty + `": it holds no catalog, expected .yaml or .yml files in it`},
		"a missing directory":  {os.DirFS("testdata/nowhere"), `catalog: directory "testdata/nowhere": no such file or directory, expected .yaml or .yml files in it`},
		"a file":               {os.DirFS("testdata/valid/two-teams.yaml"), `catalog: directory "testdata/valid/two-teams.yaml": not a directory, expected .yaml or .yml files in it`},
		"a file that is gone":  {os.DirFS(dangling), `catalog: file "` + dangling + `/a.yaml": no such file or directory`},
		"only a subdirectory":  {os.DirFS(locked), `catalog: directory "` + locked + `": it holds no catalog, expected .yaml or .yml files in it`},
		"files without bounds": {files("a.yaml", "#"+string(make([]byte, maxSize))), `catalog: file "a.yaml": the files are larger than 16777216 bytes together`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(tt.files)
			assert.EqualError(t, err, tt.want)
		})
	}
	_, err := Load(os.DirFS("testdata/nowhere"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestPlacesStayWithTheCatalog(t *testing.T) {
	c := loaded(t, "testdata/valid/two-teams.yaml")
	c.Services["hub"] = Service{Owner: "platfrom"}
	err := c.Validate()
	var at *FileError
	require.ErrorAs(t, err, &at)
	assert.Equal(t, []any{"catalog.yaml", 21}, []any{at.File, at.Line})
	assert.EqualError(t, err, `catalog.yaml:21:21: service "hub": owner "platfrom" does not exist, expected one of payments, platform, did you mean "platform"?`)
}

func TestLocalTimesOfChangingClocks(t *testing.T) {
	zone := berlin(t)
	for wall, want := range map[string]string{
		"2026-03-29 01:59": "2026-03-29 00:59",
		"2026-03-29 02:30": "2026-03-29 01:00", // skipped: the first instant after
		"2026-03-29 03:00": "2026-03-29 01:00",
		"2026-10-25 01:59": "2026-10-24 23:59",
		"2026-10-25 02:30": "2026-10-25 00:30", // twice: the first
		"2026-10-25 03:00": "2026-10-25 02:00",
	} {
		at, err := time.Parse(localLayout, wall)
		require.NoError(t, err)
		assert.Equal(t, want, firstShown(at, zone).UTC().Format(localLayout), wall)
	}
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	skipped := time.Date(2026, 3, 8, 2, 30, 0, 0, time.UTC)
	assert.Equal(t, "2026-03-08 07:00", firstShown(skipped, zone).UTC().Format(localLayout))
	assert.Equal(t, skipped, firstShown(skipped, nil))
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5m": 5 * time.Minute, "7d": 7 * 24 * time.Hour, "1d12h": 36 * time.Hour, "0s": 0, "1h1s": time.Hour + time.Second,
		"100ms": 100 * time.Millisecond, "1h30m": 90 * time.Minute, "10h": 10 * time.Hour, "20m": 20 * time.Minute,
	} {
		got, err := parseDuration(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		again, err := parseDuration(printDuration(got))
		assert.NoError(t, err, text)
		assert.Equal(t, want, again, printDuration(got))
	}
	assert.Equal(t, []string{"5m", "1h", "7d", "36h", "1m30s", "0s"}, []string{
		printDuration(5 * time.Minute), printDuration(time.Hour), printDuration(7 * 24 * time.Hour), printDuration(36 * time.Hour),
		printDuration(90 * time.Second), printDuration(0),
	})
	for _, text := range []string{"", "5", "d", "-1m", "1m-1s", "+1m", "-1d", "1.5d", "5 m", "99999999d", "1d-1h", "m", "0", ".5s", "2562047h48m", "65535d2562047h", "1w"} {
		_, err := parseDuration(text)
		assert.Error(t, err, text)
	}
}
