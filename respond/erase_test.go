package respond_test

import (
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
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

var ofAna = []escalate.Contact{"mail:ana@example.org", "slack:@ana", "pager:7", "room"}

func eraserOf(t *testing.T, words ...string) *respond.Eraser {
	t.Helper()
	x, err := respond.NewEraser("", "ana", ofAna, words)
	require.NoError(t, err)
	return x
}

// erasedRecord decides an Erase and returns the record as it is put; nil if it stays.
func erasedRecord(t *testing.T, x *respond.Eraser, row store.Snapshot) any {
	t.Helper()
	cat, err := twoTeams().Compile()
	require.NoError(t, err)
	row.Version = 1
	d, need := respond.Decide(new(respond.Room), cat, store.View{Records: map[store.Key]store.Snapshot{row.Key: row}},
		[]respond.Input{respond.Erase{At: start, Record: row.Key, Eraser: x}})
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
		e := incident.Entry{What: "note", Text: text}
		doc, err := x.Line(store.Key{}, e.AppendJSON(nil))
		require.NoError(t, err)
		var got incident.Entry
		require.NoError(t, json.Unmarshal(doc, &got))
		assert.Equal(t, want, got.Text, text)
	}
}

// TestEraseLines: of what the person did the line stays, of what the person said nothing does.
func TestEraseLines(t *testing.T) {
	x := eraserOf(t)
	for _, c := range []struct{ actor, what, text, want string }{
		{"ana", "acknowledged", "via slack", "via erased"},
		{"ana", "acknowledged", "", ""},
		{"ben", "acknowledged", "via slack", "via slack"},
		{"ana", "priority", "P3 → P1 forced: I am sure", "P3 → P1 forced: erased"},
		{"ana", "priority", "P1 → P3 no longer forced: ", "P1 → P3 no longer forced: erased"},
		{"ana", "incident resolved", "by command  override: a drill", "by command  override: erased"},
		{"ana", "incident resolved", "by command", "by command"},
		{"ana", "escalated", "by hand, from round 1, level 1", "by hand, from round 1, level 1"},
		{"", "runbook mend", "step 2 ask: done  turned  it off  ana", "step 2 ask: done  erased  ana"},
		{"", "runbook mend", "step 2 ask: done  ana", "step 2 ask: done  ana"},
		{"", "runbook mend", "step 2 ask: done  turned it off  diana", "step 2 ask: done  turned it off  diana"},
		{"", "runbook mend", "stopped: ana: it was me", "stopped: ana: erased"},
		{"", "runbook mend", "stopped: diana: it was me", "stopped: diana: it was me"},
		{"", "runbook mend", "declined: not on my watch", "declined: not on my watch"},
		{"ana@example.org", "opened", "x", "x"},
	} {
		e := incident.Entry{Actor: c.actor, What: c.what, Text: c.text}
		doc, err := x.Line(store.Key{}, e.AppendJSON(nil))
		require.NoError(t, err)
		var got incident.Entry
		require.NoError(t, json.Unmarshal(doc, &got))
		assert.Equal(t, c.want, got.Text, "%s: %s", c.actor, c.text)
		assert.NotContains(t, got.Actor, "@")
		again, err := x.Line(store.Key{}, doc)
		require.NoError(t, err)
		assert.Equal(t, string(doc), string(again))
	}
	_, err := x.Line(store.Key{}, []byte("{"))
	require.ErrorContains(t, err, `respond: erase: line of ""`)
}

// TestEraseIncident: where the person was reached and what the person said is gone, with every copy of it in the incident.
func TestEraseIncident(t *testing.T) {
	key, _ := respond.IncidentKey("a/b#1")
	line := func(seq uint64, actor, what, text string) store.Entry {
		e := incident.Entry{Seq: seq, Actor: actor, What: what, Text: text}
		return store.Entry{Seq: seq, Doc: e.AppendJSON(nil)}
	}
	to := func(person escalate.PersonID, expires time.Time, contacts ...escalate.Contact) respond.Pending {
		return respond.Pending{Recipient: escalate.Recipient{Person: person, Contacts: contacts}, Expires: expires}
	}
	inc := &respond.Incident{
		ID: "a/b#1", Group: "a/b", Owner: "ops", Priority: 1, Computed: 3, Forced: 1, Because: "I am sure",
		Told: []respond.Told{{Person: "ana", Contact: "mail:old@example.org"}, {Contact: "slack:@ana"}, {Person: "ben", Contact: "mail:b"}},
		Pending: []respond.Pending{
			to("ana", start.Add(-2*time.Hour), "mail:old@example.org"), to("ben", start.Add(time.Minute), "mail:b"),
		},
		Escalation: escalate.State{Acks: []escalate.Ack{{By: "ana", Via: "my phone"}, {By: "ben", Via: "his phone"}}},
		Runs: []automate.Run{
			{ID: "r1", State: automate.Declined, By: "ana", Why: "not now", Runbook: automate.Runbook{Name: "mend"}},
			{ID: "r2", State: automate.Stopped, Why: "ana: it was me", Steps: []automate.Progress{
				{By: "ana", Output: "turned it off"}, {By: "ben", Output: "turned it on"}, {Error: "gone; ana: it was me"},
			}},
		},
	}
	inc.Override = "a drill"
	x := eraserOf(t)
	row := store.Snapshot{Key: key, Rec: inc, Entries: []store.Entry{
		line(1, "ana", "priority", "P3 → P1 forced: I am sure"), line(2, "ana", "incident resolved", "by command  override: a drill"),
		line(3, "ana", "acknowledged", "via mail"),
	}}
	require.NoError(t, x.Learn(row))
	before, err := respond.Codec{}.Encode(key.Kind, respond.Schema, inc)
	require.NoError(t, err)
	changed, left, err := x.Record(row, start)
	require.NoError(t, err)
	assert.True(t, changed)
	assert.False(t, left)
	got := erasedRecord(t, x, row).(*respond.Incident)
	assert.Equal(t, []respond.Told{{Person: "ben", Contact: "mail:b"}}, got.Told)
	assert.Equal(t, inc.Pending[1:], got.Pending)
	assert.Equal(t, []escalate.Ack{{By: "ana", Via: "erased"}, {By: "ben", Via: "his phone"}}, got.Escalation.Acks)
	assert.Equal(t, "erased", got.Because)
	assert.Equal(t, "erased", got.Override)
	assert.Equal(t, "erased", got.Runs[0].Why)
	assert.Equal(t, "ana: erased", got.Runs[1].Why)
	assert.Equal(t, "erased", got.Runs[1].Steps[0].Output)
	assert.Equal(t, "turned it on", got.Runs[1].Steps[1].Output)
	assert.Equal(t, "gone; ana: erased", got.Runs[1].Steps[2].Error)
	after, err := respond.Codec{}.Encode(key.Kind, respond.Schema, inc)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "the record that was read stays as it is")
	assert.Nil(t, erasedRecord(t, x, store.Snapshot{Key: key, Rec: got}), "nothing more to erase")

	doc, err := x.Line(key, line(3, "", "runbook mend", "declined: not now").Doc)
	require.NoError(t, err)
	assert.Contains(t, string(doc), `"declined: erased"`)
	why := notify.Message{Key: "k", Incident: "a/b#1", Person: "ben", Why: "P1: forced (I am sure), computed P3", Owner: "I am sure"}
	payload, err := json.Marshal(why)
	require.NoError(t, err)
	payload, err = x.Payload(store.Key{Kind: store.KindTask}, payload)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(payload, &why))
	assert.Equal(t, "P1: forced (erased), computed P3", why.Why)
	assert.Equal(t, "I am sure", why.Owner, "a name")

	inc.Pending = append(inc.Pending, to("ana", start.Add(time.Minute), "mail:ana@example.org"))
	_, left, err = x.Record(row, start)
	require.NoError(t, err)
	assert.True(t, left, "a message is on its way")
	assert.Equal(t, inc.Pending[1:], erasedRecord(t, x, row).(*respond.Incident).Pending)
}

// TestEraseTakesAllButNames fills every text of every record with a word, and tells where it stays: where something is found
// by it, where it is one of a few words, the id of a person, or on its way.
func TestEraseTakesAllButNames(t *testing.T) {
	kept := map[string]string{}
	for kind, rec := range map[string]any{
		respond.KindAlert: &respond.Alert{}, respond.KindIncident: &respond.Incident{}, respond.KindChange: &respond.Change{},
		respond.KindPlan: &catalog.Pinned{}, respond.KindLedger: &automate.Ledger{}, respond.KindSwitch: &automate.Switch{},
		respond.KindGroup: &correlate.Group{},
	} {
		fill(reflect.ValueOf(rec).Elem(), "zzz")
		row := store.Snapshot{Key: store.Key{Kind: kind, ID: "x"}, Rec: rec}
		x := eraserOf(t, "zzz")
		got := erasedRecord(t, x, row)
		if kind == respond.KindGroup {
			require.Nil(t, got, "a group has names only")
			_, left, err := x.Record(row, start)
			require.NoError(t, err)
			require.True(t, left)
			continue
		}
		doc, err := respond.Codec{}.Encode(kind, respond.Schema, got)
		require.NoError(t, err)
		var v any
		require.NoError(t, json.Unmarshal(doc, &v))
		found := map[string]bool{}
		places(v, "", found)
		kept[kind] = strings.Join(slices.Sorted(maps.Keys(found)), " ")
	}
	assert.Equal(t, map[string]string{
		"alert": "class group held.id held.tenant held.type id incident previous service state tenant",
		"incident": "cause.id cause.tenant cause.type class escalation.acks.by escalation.resume escalation.status group id " +
			"lastAlert owner pending.contacts pending.kind pending.note pending.person phase plan previous rule runbook runs.by runs.id " +
			"runs.incident runs.runbook.mode runs.runbook.name runs.runbook.owner runs.runbook.steps.check runs.runbook.steps.do " +
			"runs.state runs.steps.by runs.steps.phase runs.steps.state service tenant",
		"change": "service tenant type", "ledger": "runs.run", "switch": "by",
		"plan": "hash name plan.Group.By plan.Group.OnJoin plan.Policy plan.Recovered plan.ResolveOn policy.Levels.Strategy",
	}, kept)
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
		v.SetMapIndex(reflect.ValueOf(word).Convert(v.Type().Key()), item)
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
	letter := notify.Message{Key: "a#1/1/mail:old@example.org", To: "old@example.org", Person: "ana", Incident: "a#1"}
	record := store.Key{Kind: "incident", ID: "a#1"}
	inputs := func(by escalate.PersonID, said string) (out []respond.Input) {
		for _, c := range []respond.Command{
			respond.Acknowledge{Incident: "a#1", By: by, Via: said, ID: "1"},
			respond.Unacknowledge{Incident: "a#1", By: by},
			respond.Escalate{Incident: "a#1", By: by, AsOf: escalate.Position{Round: 1, Level: 2}},
			respond.Resolve{Incident: "a#1", By: by, Override: said},
			respond.Reprioritise{Incident: "a#1", By: by, Priority: 2, Because: said},
			respond.Approve{Incident: "a#1", Run: "r", By: by, Because: said},
			respond.Answer{Incident: "a#1", Run: "r", By: by, Note: said},
			respond.StopRun{Incident: "a#1", Run: "r", By: by, Because: said},
			respond.KillSwitch{By: by, Because: said},
		} {
			out = append(out, respond.Do{At: start, Command: c})
		}
		return out
	}
	all := func(said, address, word string) []respond.Input {
		m := letter
		m.Key, m.To = "a#1/1/mail:"+address, address
		list := append(inputs("ana", said), inputs("ben", "ben says so")...)
		return append(
			list,
			respond.Events{
				respond.Assess(cat, &event.Event{Type: "pay.stuck", Received: start, Data: map[string]any{"asked": word, "n": 1e9}}),
				respond.Assess(cat, &event.Event{Type: "pay.stuck", Tenant: "other", Received: start, Summary: "Ana Lima"}),
			},
			respond.Outcome{At: start, Task: m.Key, Record: record, Message: m, Error: "no " + address},
			respond.Acted{At: start, Record: record, Invocation: automate.Invocation{Key: "k", Args: map[string]string{"for": word}}},
			respond.Do{At: start, Command: respond.Resend{Letter: m, By: "ben"}},
			respond.Advance{At: start, Group: store.Key{Kind: "group", ID: "a"}},
		)
	}
	doc, err := respond.EncodeInputs(all("I am sure", "old@example.org", "Ana Lima"))
	require.NoError(t, err)
	x := eraserOf(t, "Ana Lima", "old@example.org")
	left, err := x.Inputs(doc)
	require.NoError(t, err)
	got, err := respond.DecodeInputs(cat, left)
	require.NoError(t, err)
	assert.Equal(t, all("erased", "erased", "erased"), got)
	again, err := x.Inputs(left)
	require.NoError(t, err)
	assert.Equal(t, string(left), string(again))

	_, err = x.Inputs([]byte("{"))
	require.ErrorContains(t, err, "respond: erase logged inputs")
}

// TestEraseRefusesItsOwnID: what would make the person's id unreadable.
func TestEraseRefusesItsOwnID(t *testing.T) {
	_, err := respond.NewEraser("", "ana.lima", nil, []string{"lima"})
	require.ErrorContains(t, err, `"lima" is part of the id "ana.lima", which stays`)
	x, err := respond.NewEraser("", "ana.lima", []escalate.Contact{"slack:lima"}, nil)
	require.NoError(t, err)
	doc, err := x.Line(store.Key{}, []byte(`{"text":"slack:lima is gone, ana.lima is not"}`))
	require.NoError(t, err)
	assert.Contains(t, string(doc), `"erased is gone, ana.lima is not"`)
}
