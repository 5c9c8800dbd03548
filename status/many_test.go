package status_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestManyOpen: with 10,000 open incidents the page has 50 rows, counts them all, and can be narrowed.
func TestManyOpen(t *testing.T) {
	const n = 10_000
	c := shop()
	c.Plans["standard"] = catalog.Plan{Policy: "levels", Group: catalog.Grouping{By: []string{"subject"}}}
	playWith(t, c, func(s *stage) {
		for from := 0; from < n; from += 500 {
			batch := make([]event.Event, 500)
			for k := range batch {
				batch[k] = event.Event{Type: "shop.slow", Subject: fmt.Sprintf("shard %d", from+k), Summary: fmt.Sprintf("Shard %d is slow", from+k), Severity: severity.Error}
			}
			require.NoError(t, s.bell.Submit(context.WithoutCancel(s.Context()), batch...))
		}
		s.fires("shop.down", "eu", "Checkout is down")
		pass(2 * time.Second)
		w, began := s.get("ana", "/"), time.Now()
		page := w.Body.String()
		assert.LessOrEqual(t, len(page), 200<<10)
		assert.Len(t, rowOf.FindAllString(page, -1), 50)
		assert.Contains(t, page, "and 9951 more; narrow by service to see them")
		assert.Contains(t, page, `<a href="./?service=search">search <b>10000</b></a>`)
		narrow := s.get("ana", "/?service=checkout").Body.String()
		assert.Len(t, rowOf.FindAllString(narrow, -1), 1)
		t.Logf("%d bytes, %v of virtual time", len(page), time.Since(began))
	})
}
