package tocsin_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/oddtest"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// documents is a memory store that keeps each record as a document gives it back, and refuses a record that two documents tell apart.
type documents struct{ store.Store }

func (d documents) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	c := codec.New()
	return d.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, need, err := decide(v)
		for i := range b.Put {
			if put := &b.Put[i]; put.Rec != nil && err == nil {
				var doc, again []byte
				if doc, err = c.Encode(put.Key.Kind, codec.Schema, put.Rec); err == nil {
					put.Rec, err = c.Decode(put.Key.Kind, codec.Schema, doc)
				}
				if err == nil {
					again, err = c.Encode(put.Key.Kind, codec.Schema, put.Rec)
				}
				if err == nil && !bytes.Equal(doc, again) {
					err = fmt.Errorf("%v: the document %s is read as %s", put.Key, doc, again)
				}
			}
		}
		return b, need, err
	})
}

// byOdd is a catalog whose decisions, keys and groups depend on all parts of an event.
func byOdd() *catalog.Catalog {
	c := byNumbers()
	c.Classes = append(c.Classes, event.Class{Name: "odd.*", Service: "checkout", Dedup: []string{"source", "summary", "labels.a", "data.a"}, Plan: "any"})
	c.Plans["any"] = catalog.Plan{Policy: c.Plans["loud"].Policy, Group: catalog.Grouping{By: []string{"subject", "summary", "labels.a", "data.a"}, Any: true}}
	return c
}

// FuzzAccepted: what the door accepts decides alike before and after it was a document, and every query reads it again.
func FuzzAccepted(f *testing.F) {
	c := byOdd()
	compiled, err := c.Compile()
	require.NoError(f, err)
	for i := range 64 {
		f.Add(bytes.Repeat([]byte{byte(i), byte(3 * i), 9, byte(200 - i)}, 24))
	}
	f.Fuzz(func(t *testing.T, from []byte) {
		e := oddtest.Event(from)
		if e.Check() != nil {
			if e.Fit(); e.Check() != nil { // Fit leaves what an intake sets
				return
			}
			assert.Empty(t, e.Fit(), "what fits is cut no more")
		}
		kept := documents{memory.New()}
		bell, err := tocsin.New(&tocsin.Config{Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
		require.NoError(t, err)
		require.NoError(t, bell.Submit(t.Context(), e))
		sent := eventsOf(t, kept)
		require.NotEmpty(t, sent)
		if e.ID == "" {
			e.ID = sent[0].ID
		}
		e.TraceParent = sent[0].TraceParent // of the span, if the sender gave none
		core.Complete(&e, "app", sent[0].Received)
		again := sent[0]
		live := core.Assess(compiled, &e)
		requireSame(t, live.Event, &again) // without a Time too far ahead
		decidesAlike(t, compiled, live.Event, &again)
		readsAgain(t, bell, kept, live)
	})
}

// eventsOf returns the events of the input log.
func eventsOf(t *testing.T, s store.Store) (events []event.Event) {
	t.Helper()
	rows, err := s.Read(t.Context(), store.Query{Kind: store.KindLog})
	require.NoError(t, err)
	for _, row := range rows {
		doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(row.Rec.(store.Entry).Doc)))
		require.NoError(t, err)
		var inputs []struct{ Events []event.Event }
		require.NoError(t, json.Unmarshal(doc, &inputs))
		for _, in := range inputs {
			events = append(events, in.Events...)
		}
	}
	return events
}

// requireSame holds that an event is what its document says, but for empty maps and zones, which no document tells.
func requireSame(t *testing.T, want, got *event.Event) {
	t.Helper()
	w, g := *want, *got
	if len(w.Labels) == 0 {
		w.Labels = nil
	}
	if len(w.Data) == 0 {
		w.Data = nil
	}
	w.Time, g.Time, w.Received, g.Received = w.Time.UTC(), g.Time.UTC(), w.Received.UTC().Round(0), g.Received.UTC()
	require.Equal(t, w, g)
}

func decidesAlike(t *testing.T, c *catalog.Compiled, live, read *event.Event) {
	t.Helper()
	a, b := core.Assess(c, live), core.Assess(c, read)
	x, y := *a.Assessment, *b.Assessment
	require.Equal(t, x.Class.Name, y.Class.Name)
	x.Class, y.Class = nil, nil
	require.Equal(t, fmt.Sprintf("%+v", x), fmt.Sprintf("%+v", y)) // with the texts of errors
	require.Equal(t, a.Key, b.Key)
	require.Equal(t, a.GroupOf(live), b.GroupOf(read))
	require.Equal(t, a.Findings, b.Findings)
}

// readsAgain reads the records that an event has left behind in every way.
func readsAgain(t *testing.T, bell *tocsin.Engine, kept store.Store, a *core.Assessed) {
	t.Helper()
	e := a.Event
	for _, kind := range codec.Kinds() {
		_, err := kept.Read(t.Context(), store.Query{Tenant: e.Tenant, Kind: kind})
		require.NoError(t, err)
	}
	key := store.Key{Tenant: e.Tenant, Kind: core.KindAlert, ID: e.Intake + "/" + a.Key}
	rows, err := kept.Read(t.Context(), store.Query{Keys: []store.Key{key}, Timeline: true})
	require.NoError(t, err)
	if len(rows) == 0 { // a change, or the end of what never began
		return
	}
	al := rows[0].Rec.(*core.Alert)
	require.Equal(t, e.ID, al.Latest.Event)
	_, err = bell.Timeline(t.Context(), al.ID)
	require.NoError(t, err)
	for _, id := range []string{al.ID, al.Incident} {
		if id == "" {
			continue
		}
		text, err := bell.Explain(t.Context(), id)
		require.NoError(t, err)
		require.True(t, utf8.ValidString(text), "%q", text)
	}
	_, err = bell.Incidents(t.Context(), tocsin.Query{Tenant: e.Tenant})
	require.NoError(t, err)
}

// squeamish is a store that cannot keep a text.
type squeamish struct {
	store.Store
	text string
}

func (s *squeamish) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	c := codec.New()
	return s.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, need, err := decide(v)
		for _, put := range b.Put {
			if doc, _ := c.Encode(put.Key.Kind, codec.Schema, put.Rec); bytes.Contains(doc, []byte(s.text)) && err == nil {
				err = fmt.Errorf("squeamish: %w: %v", store.ErrData, put.Key.Kind)
			}
		}
		return b, need, err
	})
}

// TestOddDataIsNoTrouble: a store that cannot keep the data of two of many events gets the others. Each of the two is refused, counted
// and reported, and the store is well.
func TestOddDataIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, in := &squeamish{memory.New(), "garlic"}, &inbox{}
		bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": in, "sms": in}})
		require.NoError(t, err)
		stop := run(t, bell)
		defer stop()
		var events []event.Event
		for i := range 50 {
			events = append(events, event.Event{ID: fmt.Sprint(i), Type: fmt.Sprintf("pay.%d", i), Severity: severity.Critical, Summary: "slow", Intake: "in"})
		}
		events[3].Type = ""
		events[7].Summary, events[31].Summary = "garlic", "more garlic"
		err = bell.Submit(t.Context(), events...)
		var refused []string
		for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
			refused = append(refused, rejections(one)...)
		}
		assert.Equal(t, []string{"3 type", "7 data", "31 data"}, refused)
		settle(time.Minute)
		require.NoError(t, bell.Health(t.Context()))
		found, err := bell.Incidents(t.Context(), tocsin.Query{Limit: 1000})
		require.NoError(t, err)
		losses, stored := 0, 0
		for i := range found {
			if found[i].Class == "tocsin.loss" {
				losses++
			} else {
				stored++
			}
		}
		assert.Equal(t, []int{2, 47}, []int{losses, stored})
		require.NoError(t, bell.Submit(t.Context(), events[8]), "a repeat")
		err = bell.Submit(t.Context(), events[7])
		require.Equal(t, []string{"0 data"}, rejections(err))
		require.NoError(t, bell.Health(t.Context()))
	})
}

// rejections lists the rejected events in an error, as index and field.
func rejections(err error) (list []string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, rejections(one)...)
		}
		return list
	}
	var r *event.RejectedError
	if errors.As(err, &r) {
		return []string{fmt.Sprint(r.Index, " ", r.Field)}
	}
	return []string{err.Error()}
}

// TestOddDataOfTheInbox: an event of the inbox that cannot be kept becomes a dead letter, and the next is taken.
func TestOddDataOfTheInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &nudged{&squeamish{memory.New(), "garlic"}, make(chan struct{}, 1)}
		bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
		require.NoError(t, err)
		for i, summary := range []string{"slow", "garlic", "down"} {
			kept.put(t, event.Event{ID: fmt.Sprint(i), Type: fmt.Sprintf("pay.%d", i), Summary: summary})
			<-kept.hints
		}
		stop := run(t, bell)
		settle(time.Minute)
		require.NoError(t, bell.Health(t.Context()))
		dead, err := kept.Read(t.Context(), store.Query{Kind: store.KindTask, State: "dead"})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		assert.Equal(t, "in-1", dead[0].Key.ID)
		found, err := bell.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		var classes []string
		for i := range found {
			classes = append(classes, found[i].Class)
		}
		assert.ElementsMatch(t, []string{"pay.0", "pay.2", "tocsin.dead-letter"}, classes)
		stop()
	})
}

// TestOddOutcomes: whatever a notifier says, its error is stored, once and bounded.
func TestOddOutcomes(t *testing.T) {
	for name, text := range map[string]string{
		"a zero byte": "no\x00 room", "no text": "no \xff\xfe room", "a long text": "no room " + strings.Repeat("x", 10<<20), "bidi": "\u202eroom",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := documents{memory.New()}
				n := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
					return notify.Receipt{ID: text}, notify.Permanent(errors.New(text))
				})
				bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": n, "sms": n}})
				require.NoError(t, err)
				stop := run(t, bell)
				require.NoError(t, bell.Submit(t.Context(), event.Event{Type: "pay.x", Severity: severity.Critical, Summary: "slow"}))
				settle(time.Second)
				letters := 0
				for dead, err := range bell.DeadLetters(t.Context(), "") {
					require.NoError(t, err)
					require.NoError(t, event.CheckText(dead.Why, 4<<10+100))
					assert.Contains(t, dead.Why, "room")
					letters++
				}
				assert.NotZero(t, letters)
				found, err := bell.Incidents(t.Context(), tocsin.Query{})
				require.NoError(t, err)
				for i := range found {
					lines, err := bell.Timeline(t.Context(), found[i].ID)
					require.NoError(t, err)
					for _, line := range lines {
						require.NoError(t, event.CheckText(line.Text, 5<<10))
					}
				}
				stop()
			})
		})
	}
}

// TestOddResults: an action may return any text and any number as a priority; its outcome is stored, and it is called once.
func TestOddResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, calls := documents{memory.New()}, 0
		c := twoLevels()
		c.Runbooks = map[string]automate.Runbook{"look": {Owner: "payments", When: "true", Mode: automate.Auto, Steps: []automate.Step{{Check: "look"}}}}
		look := automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
			calls++
			return automate.Result{Output: "a\x00b\xffc", Priority: 9}, nil
		})
		bell, err := tocsin.New(&tocsin.Config{
			Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}, Actions: map[string]automate.Action{"look": look},
		})
		require.NoError(t, err)
		stop := run(t, bell)
		require.NoError(t, bell.Submit(t.Context(), event.Event{Type: "pay.x", Severity: severity.Critical, Summary: "slow"}))
		settle(5 * time.Minute)
		found, err := bell.Incidents(t.Context(), tocsin.Query{})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Len(t, found[0].Runs, 1)
		assert.Equal(t, automate.Done, found[0].Runs[0].State)
		assert.Equal(t, 1, calls)
		stop()
	})
}

// TestOddCommands: a command with an odd id or text is refused, and no id of a query is too odd to be unknown.
func TestOddCommands(t *testing.T) {
	kept := memory.New()
	bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
	require.NoError(t, err)
	for _, text := range []string{"a\x00", "\xff", strings.Repeat("x", 5<<10)} {
		by := escalate.PersonID(text)
		for _, c := range []respond.Command{
			respond.Acknowledge{Incident: text, By: "ana"},
			respond.Acknowledge{Incident: "x", By: by},
			respond.Acknowledge{Incident: "x", By: "ana", ID: text},
			respond.Acknowledge{Incident: "x", By: "ana", Via: text},
			respond.Resolve{Incident: "x", By: "ana", Override: text},
			respond.Unacknowledge{Incident: "x", By: by},
			respond.Reprioritise{Incident: "x", By: "ana", Because: text},
			respond.Page{Incident: "x", By: "ana", Target: "owner", Because: text},
			respond.Page{Incident: "x", By: "ana", Target: escalate.Target("person:" + text), Because: "x"},
			respond.Note{Incident: "x", By: "ana", Text: text},
			respond.Resend{By: "ana", Letter: notify.Message{Incident: "x", Key: text}},
			respond.Resend{By: "ana", Letter: notify.Message{Incident: text, Key: "x"}},
			respond.StartRun{Incident: "x", By: "ana", Runbook: text},
			respond.Approve{Incident: "x", By: "ana", Run: text},
			respond.Answer{Incident: "x", By: "ana", Note: text},
			respond.StopRun{Incident: "x", By: "ana", Because: text},
			respond.DraftUpdate{Incident: "x", By: "ana", Text: text},
			respond.DraftUpdate{Incident: "x", By: "ana", Expected: text},
			respond.DraftUpdate{Incident: "x", By: "ana", Audience: text},
			respond.ApproveUpdate{Incident: "x", Update: text, By: "ana"},
			respond.SendUpdate{Incident: "x", By: "ana", Because: text},
			respond.CorrectUpdate{Incident: "x", Update: "u1", By: "ana", Text: text},
			respond.RetractUpdate{Incident: "x", Update: "u1", By: "ana", Because: text},
			respond.KillSwitch{Tenant: text, By: "ana", Because: "x"},
			respond.KillSwitch{By: "ana", Because: text},
			respond.SendTest{Contact: escalate.Contact(text)},
			respond.SendTest{Contact: "slack:@ana", Tenant: text},
			respond.Escalate{Incident: text, By: "ana", AsOf: escalate.Position{Round: 1}},
		} {
			var refused *respond.RefusedError
			require.ErrorAs(t, bell.Do(t.Context(), c), &refused, "%T %.20q", c, text)
			assert.Regexp(t, "zero byte|not valid UTF-8|expected at most", refused.Reason)
		}
		for name, err := range map[string]error{
			"incident": second(bell.Incident(t.Context(), text)), "timeline": second(bell.Timeline(t.Context(), text)), "explain": second(bell.Explain(t.Context(), text)),
		} {
			require.ErrorIs(t, err, tocsin.ErrNotFound, name)
		}
		_, err := tocsin.New(&tocsin.Config{Service: text})
		require.ErrorContains(t, err, "Service: ")
	}
}

func second[T any](_ T, err error) error { return err }
