package tocsin_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestWhatIsStoredOutlivesItsCall: the engine uses the memory of one call for the next, and no record may point into it.
func TestWhatIsStoredOutlivesItsCall(t *testing.T) {
	c := twoLevels()
	c.Classes = append(c.Classes, event.Class{Name: "slow.*", Service: "checkout", For: time.Hour}) // its alerts hold their event
	c.Runbooks = longRunbook().Runbooks                                                             // so that incidents hold theirs
	st := memory.New()
	e, err := tocsin.New(&tocsin.Config{
		Service: "shop", Catalog: c, Store: st, Notifiers: map[string]notify.Notifier{"slack": new(inbox), "sms": new(inbox)},
		Actions: map[string]automate.Action{"act": new(dying)},
	})
	require.NoError(t, err)

	call := func(n string) []event.Event {
		labels := map[string]string{"call": n}
		return []event.Event{
			{Type: "pay." + n, Subject: n, Summary: "pay in call " + n, Labels: labels, Data: map[string]any{"n": n}},
			{Type: "slow." + n, Subject: n, Summary: "slow in call " + n, Labels: labels, Links: []event.Link{{URL: "https://" + n}}},
		}
	}
	records := func() map[store.Key]string {
		all := make(map[store.Key]string)
		for _, kind := range []string{core.KindAlert, core.KindGroup, core.KindIncident} {
			rows, err := st.Read(t.Context(), store.Query{Kind: kind, Timeline: true})
			require.NoError(t, err)
			for _, row := range rows {
				doc, err := json.Marshal(row)
				require.NoError(t, err)
				all[row.Key] = string(doc)
			}
		}
		return all
	}
	require.NoError(t, e.Submit(t.Context(), call("first")...))
	before := records()
	require.NoError(t, e.Submit(t.Context(), call("second")...))
	after := records()
	assert.Len(t, after, 2*len(before))
	for key, doc := range before {
		assert.Equal(t, doc, after[key], key)
	}
}
