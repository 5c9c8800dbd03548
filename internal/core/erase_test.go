package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

var ofAna = []escalate.Contact{"mail:ana@example.org", "slack:@ana", "pager:7", "room"}

func eraserOf(t *testing.T, words ...string) *core.Eraser {
	t.Helper()
	x, err := full.NewEraser("", "ana", ofAna, words)
	require.NoError(t, err)
	return x
}

// erasedRecord decides an Erase and returns the record as it is put; nil if it stays.
func erasedRecord(t *testing.T, x *core.Eraser, row store.Snapshot) any {
	t.Helper()
	cat, err := twoTeams().Compile()
	require.NoError(t, err)
	row.Version = 1
	d, need := full.Decide(new(core.Scratch), cat, store.View{Records: map[store.Key]store.Snapshot{row.Key: row}},
		[]core.Input{core.Erase{At: start, Record: row.Key, Eraser: x}})
	require.True(t, need.Empty())
	require.NoError(t, d.Refused[0])
	if len(d.Put) == 0 {
		return nil
	}
	require.Empty(t, d.Put[0].Entries)
	return d.Put[0].Rec
}

// TestEraseFindsWords: each stands by itself, not inside of a longer one.
func TestEraseFindsWords(t *testing.T) {
	x := eraserOf(t, "Ana Lima", "Bo", "+49151")
	for text, want := range map[string]string{
		"ana@example.org":                     "erased",
		"to ana@example.org, Ana Lima.":       "to erased, erased.",
		"diana@example.org, ana@example.orga": "diana@example.org, ana@example.orga",
		"slack:@ana and @anabel":              "slack:erased and @anabel",
		"Ana Limasol, Ana Lima_1, Ana Lima-1": "Ana Limasol, Ana Lima_1, erased-1",
		"+49151 +491512 tel:+49151":           "erased +491512 tel:erased",
		"Bo":                                  "erased",
		"Bo was here":                         "Bo was here",
		"pager:7":                             "erased",
		"7":                                   "7",
		"room, ana, Ana":                      "room, ana, Ana",
		"@ana@ana":                            "erased" + "erased",
		"éana@example.org Ana Limaé":          "éana@example.org Ana Limaé",
		"":                                    "",
	} {
		e := incident.Entry{Word: "note", Text: text}
		doc, err := x.Line(store.Key{}, e.AppendJSON(nil))
		require.NoError(t, err)
		var got incident.Entry
		require.NoError(t, json.Unmarshal(doc, &got))
		assert.Equal(t, want, got.Text, text)
	}
}

// TestEraseLines: the entry of what the person did stays, the words of the person do not.
func TestEraseLines(t *testing.T) {
	x := eraserOf(t)
	for _, c := range []struct {
		said       incident.Said
		text, want string
	}{
		{incident.Said{By: "ana", Text: "slack"}, "by command", "by command  erased"},
		{incident.Said{By: "ben", Text: "slack"}, "by command", "by command  slack"},
		{incident.Said{By: "ben", Text: "as ana@example.org says"}, "by command", "by command  as erased says"},
		{incident.Said{By: "ana"}, "by command", "by command"},
		{incident.Said{}, "550 ana@example.org is unknown", "550 erased is unknown"},
		{incident.Said{By: "diana", Text: "it was me"}, "stopped", "stopped  it was me"},
	} {
		e := incident.Entry{Actor: "ana@example.org", Word: incident.WordRunbook, Text: c.text, Said: c.said}
		doc, err := x.Line(store.Key{}, e.AppendJSON(nil))
		require.NoError(t, err)
		var got incident.Entry
		require.NoError(t, json.Unmarshal(doc, &got))
		assert.Equal(t, "+0s  runbook  "+c.want+"  by erased", got.Line(e.At), "%s: %s", c.said.By, c.text)
		again, err := x.Line(store.Key{}, doc)
		require.NoError(t, err)
		assert.Equal(t, string(doc), string(again))
	}
	_, err := x.Line(store.Key{}, []byte("{"))
	require.ErrorContains(t, err, `core: erase: entry of ""`)
}

// TestEraseIncident: where the person was reached and what the person said is gone, with every copy of it in the incident.
func TestEraseIncident(t *testing.T) {
	key := recordOf("a1")
	line := func(seq uint64, word incident.Word, said string) store.Entry {
		e := incident.Entry{Seq: seq, Actor: "ana", Word: word, Said: incident.Said{By: "ana", Text: said}}
		return store.Entry{Seq: seq, Doc: e.AppendJSON(nil)}
	}
	to := func(person escalate.PersonID, expires time.Time, contacts ...escalate.Contact) core.Pending {
		return core.Pending{Recipient: escalate.Recipient{Person: person, Contacts: contacts}, Expires: expires}
	}
	said := func(by escalate.PersonID, text string) incident.Said { return incident.Said{By: by, Text: text} }
	inc := &core.Incident{
		About:  core.About{ID: "a1", Group: "a/b", Owner: "ops"},
		Rating: core.Rating{Priority: 1, Computed: 3, Forced: 1, Said: said("ana", "I am sure")},
		Delivery: core.Delivery{
			Told: []core.Told{{Person: "ana", Contact: "mail:old@example.org"}, {Contact: "slack:@ana"}, {Person: "ben", Contact: "mail:b"}},
			Pending: []core.Pending{
				to("ana", start.Add(-2*time.Hour), "mail:old@example.org"), to("ben", start.Add(time.Minute), "mail:b"),
			},
		},
		Runs: core.Runs{List: []run.Run{
			{ID: "a1-1", State: automate.Declined, By: "ana", Said: said("ana", "not now"), Runbook: automate.Runbook{Name: "mend"}},
			{ID: "a1-2", State: automate.Stopped, Why: "by hand", Said: said("ana", "it was me"), Steps: []run.Progress{
				{By: "ana", Said: said("ana", "turned it off")}, {By: "ben", Said: said("ben", "turned it on")},
			}},
		}},
	}
	inc.Escalation.Acks = []escalate.Ack{{By: "ana", Via: "my phone"}, {By: "ben", Via: "his phone"}}
	inc.Phases.Said = said("ana", "a drill")
	x := eraserOf(t)
	row := store.Snapshot{Key: key, Rec: inc, Entries: []store.Entry{
		line(1, incident.WordPriority, "I am sure"), line(2, incident.WordIncidentResolved, "a drill"), line(3, incident.WordAcknowledged, "mail"),
	}}
	require.NoError(t, x.Learn(row))
	before, err := full.Encode(key.Kind, core.Schema, inc)
	require.NoError(t, err)
	changed, left, err := x.Record(row, start)
	require.NoError(t, err)
	assert.True(t, changed)
	assert.False(t, left)
	got := erasedRecord(t, x, row).(*core.Incident)
	assert.Equal(t, []core.Told{{Person: "ben", Contact: "mail:b"}}, got.Delivery.Told)
	assert.Equal(t, inc.Delivery.Pending[1:], got.Delivery.Pending)
	assert.Equal(t, []escalate.Ack{{By: "ana", Via: "erased"}, {By: "ben", Via: "his phone"}}, got.Escalation.Acks)
	assert.Equal(t, said("ana", "erased"), got.Rating.Said)
	assert.Equal(t, said("ana", "erased"), got.Phases.Said)
	runs := got.Runs.List
	assert.Equal(t, said("ana", "erased"), runs[0].Said)
	assert.Equal(t, said("ana", "erased"), runs[1].Said)
	assert.Equal(t, said("ana", "erased"), runs[1].Steps[0].Said)
	assert.Equal(t, said("ben", "turned it on"), runs[1].Steps[1].Said)
	after, err := full.Encode(key.Kind, core.Schema, inc)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "the record that was read stays as it is")
	assert.Nil(t, erasedRecord(t, x, store.Snapshot{Key: key, Rec: got}), "nothing more to erase")

	why := notify.Message{Key: "k", Channel: "mail", Incident: "a1", Person: "ben", Why: "P1: forced (I am sure), computed P3", Owner: "I am sure"}
	payload, err := json.Marshal(why)
	require.NoError(t, err)
	payload, err = x.Payload(store.Key{Kind: store.KindTask}, payload)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(payload, &why))
	assert.Equal(t, "P1: forced (erased), computed P3", why.Why)
	assert.Equal(t, "I am sure", why.Owner, "a name")

	inc.Delivery.Pending = append(inc.Delivery.Pending, to("ana", start.Add(time.Minute), "mail:ana@example.org"))
	_, left, err = x.Record(row, start)
	require.NoError(t, err)
	assert.True(t, left, "a message is on its way")
	assert.Equal(t, inc.Delivery.Pending[1:], erasedRecord(t, x, row).(*core.Incident).Delivery.Pending)
}

// TestEraseTakesAllButNames fills every text of every record with a word, and tells where it stays: where something is found
// by it, where it is one of a few words, the id of a person, or on its way.
func TestEraseTakesAllButNames(t *testing.T) {
	kept := map[string]string{}
	for _, kind := range full.Kinds() {
		blank, err := full.Decode(kind, core.Schema, []byte("{}"))
		require.NoError(t, err)
		fill(reflect.ValueOf(blank).Elem(), "zzz")
		got := erasedRecord(t, eraserOf(t, "zzz"), store.Snapshot{Key: store.Key{Kind: kind, ID: "x"}, Rec: blank})
		if got == nil {
			got = blank
		}
		doc, err := full.Encode(kind, core.Schema, got)
		require.NoError(t, err)
		var v any
		require.NoError(t, json.Unmarshal(doc, &v))
		found := map[string]bool{}
		places(v, "", found)
		kept[kind] = strings.Join(slices.Sorted(maps.Keys(found)), " ")
	}
	assert.Equal(t, map[string]string{
		"mailing": "about cursor list service topic update", "subscriber": "channel list",
		"alert": "cause.fires cause.id cause.intake cause.sender.clock cause.tenant cause.traceParent cause.type class first.event group id incident " +
			"latest.event owner past.late.fires past.late.id past.late.intake past.late.sender.clock past.late.tenant past.late.traceParent " +
			"past.late.type plan previous reason service state tenant",
		"change": "event service tenant type",
		"group":  "before fields incident plan",
		"incident": "absorbed.traces class comms.audiences comms.breaches.stage comms.breaches.told comms.plan comms.stage comms.told " +
			"comms.updates.approved.by comms.updates.asked comms.updates.audiences comms.updates.drafted.by comms.updates.facts.service " +
			"comms.updates.failed comms.updates.held.field comms.updates.held.kind comms.updates.id comms.updates.kind comms.updates.of " +
			"comms.updates.reviewed.by comms.updates.sent.by comms.updates.stage comms.updates.state comms.updates.texts.audience " +
			"comms.updates.ways.audience decisions.asked decisions.by decisions.role decisions.said.by declarations " +
			"delivery.pending.contacts delivery.pending.holders delivery.pending.kind " +
			"delivery.pending.latest delivery.pending.next delivery.pending.note delivery.pending.occasion delivery.pending.part " +
			"delivery.pending.person delivery.pending.role delivery.pending.said.by delivery.pending.said.text delivery.pending.which escalation.acks.by escalation.resume escalation.status group id objectives.list.name owner phases.lastAlert phases.phase " +
			"phases.said.by phases.step phases.waived.by pinned plan previous privacy.said.by rating.cost.by rating.impact as a name rating.said.by rating.worst roles.assigned.person roles.assigned.role roles.offers.from roles.offers.role roles.offers.to roles.vacant.role " +
			"rule runbook runs.cause.fires runs.cause.id runs.cause.intake runs.cause.sender.clock runs.cause.tenant " +
			"runs.cause.traceParent runs.cause.type runs.list.by runs.list.id runs.list.incident runs.list.runbook.mode " +
			"runs.list.runbook.name runs.list.runbook.owner runs.list.runbook.steps.check runs.list.runbook.steps.do runs.list.said.by " +
			"runs.list.state runs.list.steps.by runs.list.steps.phase runs.list.steps.said.by runs.list.steps.state runs.list.traceParent " +
			"service subject.alert subject.had subject.occasion tenant todos.doneBy todos.owner todos.said.by traceParent",
		"ledger": "runs.run", "unreadable": "id kind",
		"switch": "by",
		"plan": "comms as a name comms.zzz.Affected comms.zzz.Approve comms.zzz.Audiences comms.zzz.Messages as a name comms.zzz.Messages.zzz " +
			"comms.zzz.Require comms.zzz.Then comms.zzz.Variants.Use comms.zzz.Variants.When comms.zzz.Words as a name " +
			"comms.zzz.Words.zzz as a name comms.zzz.Words.zzz.zzz hash name plan.Comms plan.Group.By plan.Group.OnJoin plan.Policy plan.Recovered plan.ResolveOn plan.Roles policy.Levels.Strategy",
	}, kept)
}

// TestEveryTextHasATag: what is written down says of each of its texts what erasure does to it.
func TestEveryTextHasATag(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, v := range full.Written() {
		tagged(t, reflect.TypeOf(v), false, fmt.Sprintf("%T", v), seen)
	}
	t.Logf("%d types", len(seen))
}

// tagged holds that every text in a type has a tag of its own, or stands in a field that has one.
func tagged(t *testing.T, typ reflect.Type, has bool, path string, seen map[reflect.Type]bool) {
	switch typ.Kind() {
	case reflect.String, reflect.Interface:
		if !has {
			t.Errorf("%s has no erase tag, expected keep, words, by or said", path)
		}
	case reflect.Map:
		if !has {
			t.Errorf("%s has no erase tag, expected keep, words, by or said", path)
		}
	case reflect.Pointer, reflect.Slice:
		tagged(t, typ.Elem(), has, path, seen)
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() || typ == reflect.TypeFor[store.Key]() {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			tag, ok := f.Tag.Lookup("erase")
			if ok && !slices.Contains([]string{"keep", "words", "by", "said"}, tag) {
				t.Errorf("%s.%s has the erase tag %q, expected keep, words, by or said", path, f.Name, tag)
			}
			tagged(t, f.Type, has || ok, path+"."+f.Name, seen)
		}
	}
}

// fill puts a word into every text, and one item into every list and map.
func fill(v reflect.Value, word string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(word)
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[*event.Event]() && v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), word)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), word)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		item := reflect.New(v.Type().Elem()).Elem()
		fill(item, word)
		key := reflect.ValueOf(word)
		if v.Type().Key().Kind() != reflect.String { // a priority
			key = reflect.ValueOf(1)
		}
		v.SetMapIndex(key.Convert(v.Type().Key()), item)
	case reflect.Interface:
		v.Set(reflect.ValueOf(word))
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				fill(v.Field(i), word)
			}
		}
	}
}

// places collects the paths at which the word still stands.
func places(v any, path string, found map[string]bool) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "zzz") {
			found[path] = true
		}
	case []any:
		for _, item := range v {
			places(item, path, found)
		}
	case map[string]any:
		for name, item := range v {
			if name == "zzz" {
				found[path+" as a name"] = true
			}
			places(item, strings.TrimPrefix(fmt.Sprint(path, ".", name), "."), found)
		}
	}
}

// TestEraseLog: of what the person said nothing is left in the log, in whichever command; the rest is word for word as it was,
// can be read, and is erased once.
func TestEraseLog(t *testing.T) {
	cat, err := twoTeams().Compile()
	require.NoError(t, err)
	letter := notify.Message{Key: "a1-1-0", Channel: "mail", To: "old@example.org", Person: "ana", Incident: "a1"}
	record := recordOf("a1")
	inputs := func(by escalate.PersonID, said string) (out []core.Input) {
		for _, c := range []respond.Command{
			respond.Acknowledge{Incident: "a1", By: by, Via: said, ID: "1"},
			respond.Unacknowledge{Incident: "a1", By: by},
			respond.Escalate{Incident: "a1", By: by, AsOf: escalate.Position{Round: 1, Level: 2}},
			respond.Resolve{Incident: "a1", By: by, Override: said},
			respond.Reprioritise{Incident: "a1", By: by, Priority: 2, Because: said},
			respond.Page{Incident: "a1", By: by, Target: "team:db", Because: said},
			respond.Note{Incident: "a1", By: by, Text: said},
			respond.Approve{Incident: "a1", Run: "r", By: by, Because: said},
			respond.Answer{Incident: "a1", Run: "r", By: by, Note: said},
			respond.StopRun{Incident: "a1", Run: "r", By: by, Because: said},
			respond.DraftUpdate{Incident: "a1", By: by, Text: said, Affected: said, Doing: said, Workaround: said, Expected: said},
			respond.ApproveUpdate{Incident: "a1", Update: "u1", By: by, Because: said},
			respond.SendUpdate{Incident: "a1", Update: "u1", By: by, Because: said},
			respond.CorrectUpdate{Incident: "a1", Update: "u1", By: by, Text: said, Because: said},
			respond.RetractUpdate{Incident: "a1", Update: "u1", By: by, Text: said, Because: said},
			respond.KillSwitch{By: by, Because: said},
		} {
			out = append(out, core.Do{At: start, Command: c})
		}
		return out
	}
	all := func(said, address, word string) []core.Input {
		m := letter
		m.To = address
		list := append(inputs("ana", said), inputs("ben", "ben says so")...)
		return append(
			list,
			core.Events{
				core.Assess(cat, &event.Event{Type: "pay.stuck", Received: start, Data: map[string]any{"asked": word, "n": json.Number("1000000000")}}),
				core.Assess(cat, &event.Event{Type: "pay.stuck", Tenant: "other", Received: start, Summary: "Ana Lima"}),
			},
			core.Outcome{At: start, Record: record, Message: m, Error: "no " + address},
			core.Acted{At: start, Record: record, Invocation: automate.Invocation{Key: "k", Args: map[string]string{"for": word}}},
			core.Do{At: start, Command: respond.Resend{Letter: m, By: "ben"}},
			core.Advance{At: start, Key: store.Key{Kind: "group", ID: "a"}},
		)
	}
	doc, err := full.EncodeInputs(all("I am sure", "old@example.org", "Ana Lima"), &core.Decision{})
	require.NoError(t, err)
	x := eraserOf(t, "Ana Lima", "old@example.org")
	left, err := x.Inputs(doc)
	require.NoError(t, err)
	got, err := full.DecodeInputs(cat, left)
	require.NoError(t, err)
	assert.Equal(t, all("erased", "erased", "erased"), got)
	again, err := x.Inputs(left)
	require.NoError(t, err)
	assert.Equal(t, string(left), string(again))

	others, err := full.EncodeInputs([]core.Input{
		core.Do{At: start, Command: respond.Reprioritise{Incident: "o1", By: "ana", Priority: 2, Because: "Ana Lima said so"}},
		core.Do{At: start, Command: respond.KillSwitch{Tenant: "other", By: "ana", Because: "Ana Lima said so"}},
	}, &core.Decision{Tenants: map[int]string{0: "other", 1: "other"}})
	require.NoError(t, err)
	left, err = x.Inputs(others)
	require.NoError(t, err)
	assert.Equal(t, string(others), string(left), "another tenant has a person of the same id")

	_, err = x.Inputs([]byte("{"))
	require.ErrorContains(t, err, "core: erase logged inputs")
}

// TestEraseLogOfWhatIsGone: a command is erased by its tenant, though the store has forgotten its incident.
func TestEraseLogOfWhatIsGone(t *testing.T) {
	of := func(tenant string) string {
		doc, err := full.EncodeInputs([]core.Input{
			core.Do{At: start, Command: respond.Reprioritise{Incident: "abcdefgh", By: "ana", Because: "my secret", Priority: 1}},
		}, &core.Decision{Tenants: map[int]string{0: tenant}})
		require.NoError(t, err)
		left, err := eraserOf(t).Inputs(doc)
		require.NoError(t, err)
		return string(left)
	}
	assert.NotContains(t, of(""), "my secret")
	assert.Contains(t, of("other"), "my secret")
}

// TestEraseDecidedTenant: the decision names the tenant of an incident, which the command does not.
func TestEraseDecidedTenant(t *testing.T) {
	w := newWorld(t)
	w.decide(start, core.Events{core.Assess(w.cat, &event.Event{Type: "pay.stuck", Tenant: "acme", Summary: "x", Received: start})})
	rows, err := w.store.Read(context.Background(), store.Query{Kind: core.KindIncident, Tenant: "acme"})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	inputs := []core.Input{core.Do{At: start, Command: respond.Acknowledge{Incident: rows[0].Key.ID, By: "ana"}}}
	var d core.Decision
	require.NoError(t, w.store.Update(context.Background(), full.Scope(new(core.Scratch), inputs, nil),
		func(v store.View) (store.Batch, store.Need, error) {
			var need store.Need
			d, need = full.Decide(new(core.Scratch), w.cat, v, inputs)
			return store.Batch{}, need, nil
		}))
	assert.Equal(t, map[int]string{0: "acme"}, d.Tenants)
}

// TestEraseNumbers: a number that is a word is taken out; inside of numbers there are no words.
func TestEraseNumbers(t *testing.T) {
	x := eraserOf(t, "5551234", "123", "Anna", "Berta")
	for data, want := range map[string]string{
		`{"phone":5551234}`:              `{"phone":"erased"}`,
		`{"phones":[1,5551234]}`:         `{"phones":[1,"erased"]}`,
		`{"x":0.123,"y":123e9,"z":5551}`: `{"x":0.123,"y":123e9,"z":5551}`,
		`{"Anna":1,"Berta":2}`:           `{"erased":2}`,
	} {
		left, err := x.Inputs([]byte(`[{"events":[{"type":"a","data":` + data + `}]}]`))
		require.NoError(t, err)
		assert.Contains(t, string(left), `"data":`+want)
	}
}

// TestEraseNoMoreThanWasSaid: a short note, or a reason that is an id, takes nothing out of the lines of others.
func TestEraseNoMoreThanWasSaid(t *testing.T) {
	key := recordOf("a1")
	line := func(e incident.Entry) store.Entry { return store.Entry{Doc: e.AppendJSON(nil)} }
	by := func(text string) incident.Said { return incident.Said{By: "ana", Text: text} }
	lines := []store.Entry{
		line(incident.Entry{Word: incident.WordOpened, Text: "P1 backup done late"}),
		line(incident.Entry{Word: incident.WordLevel, Of: "2", Text: "pages ben"}),
		line(incident.Entry{Word: incident.WordAcknowledged, Actor: "ana"}),
	}
	x := eraserOf(t)
	require.NoError(t, x.Learn(store.Snapshot{Key: key, Entries: append(slices.Clone(lines),
		line(incident.Entry{Word: incident.WordRunbook, Of: "mend", Actor: "ana", Said: by("done")}),
		line(incident.Entry{Word: incident.WordPriority, Actor: "ana", Said: by("ana")}),
		line(incident.Entry{Word: incident.WordPriority, Actor: "ana", Said: by("2")}),
	)}))
	for _, l := range lines {
		left, err := x.Line(key, l.Doc)
		require.NoError(t, err)
		assert.Equal(t, string(l.Doc), string(left))
	}
}

// TestEraseRefusesItsOwnID: what would make the person's id unreadable.
func TestEraseRefusesItsOwnID(t *testing.T) {
	_, err := full.NewEraser("", "ana.lima", nil, []string{"lima"})
	require.ErrorContains(t, err, `"lima" is part of the id "ana.lima", which stays`)
	x, err := full.NewEraser("", "ana.lima", []escalate.Contact{"slack:lima"}, nil)
	require.NoError(t, err)
	doc, err := x.Line(store.Key{}, []byte(`{"text":"slack:lima is gone, ana.lima is not"}`))
	require.NoError(t, err)
	assert.Contains(t, string(doc), `"erased is gone, ana.lima is not"`)
}
