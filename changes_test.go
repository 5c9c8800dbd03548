package tocsin_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

// TestChanges lists what has changed in a service within a day, the latest first, and nothing of other tenants and services.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
		require.NoError(t, err)
		stop := run(t, bell)
		defer stop()
		deploy := func(id, tenant string) {
			require.NoError(t, bell.Submit(t.Context(), event.Event{ID: id, Source: "ci", Type: "pay.deploy", Signal: event.Change, Summary: "deploy " + id, Tenant: tenant}))
		}
		says := func(service string) (all []string) {
			list, err := bell.Changes(t.Context(), "", service)
			require.NoError(t, err)
			for _, c := range list {
				all = append(all, c.At.Format("15:04 ")+c.Summary)
			}
			return all
		}
		deploy("1", "")
		settle(90 * time.Minute)
		deploy("2", "")
		deploy("foreign", "acme")
		settle(10 * time.Minute)
		deploy("3", "")
		assert.Equal(t, []string{"01:40 deploy 3", "01:30 deploy 2", "00:00 deploy 1"}, says("checkout"))
		assert.Empty(t, says("none"))
		settle(22*time.Hour + 30*time.Minute)
		assert.Equal(t, []string{"01:40 deploy 3", "01:30 deploy 2"}, says("checkout"), "a day")
		for k := range 60 {
			deploy(fmt.Sprint("many ", k), "")
		}
		assert.Len(t, says("checkout"), 50)
	})
}
