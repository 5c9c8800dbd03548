package status_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
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
		page := s.get("ana", "/").Body.String()
		assert.LessOrEqual(t, len(page), 200<<10)
		assert.Len(t, rowOf.FindAllString(page, -1), 50)
		assert.Contains(t, page, "and 9951 more; narrow by service to see them")
		assert.Contains(t, page, `<a href="./?service=search">search <b>10000</b></a>`)
		narrow := s.get("ana", "/?service=checkout").Body.String()
		assert.Len(t, rowOf.FindAllString(narrow, -1), 1)
		t.Logf("%d bytes", len(page))
	})
}

// BenchmarkPage makes the main page of 10,000 open incidents, as each request does.
func BenchmarkPage(b *testing.B) {
	c := shop()
	c.Plans["standard"] = catalog.Plan{Policy: "levels", Group: catalog.Grouping{By: []string{"subject"}}}
	bell, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: c, Notifiers: map[string]notify.Notifier{"pager": silent}, Logger: quietl})
	require.NoError(b, err)
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	defer func() { stop(); require.NoError(b, <-done) }()
	for from := range 20 {
		batch := make([]event.Event, 500)
		for k := range batch {
			batch[k] = event.Event{Type: "shop.slow", Subject: fmt.Sprintf("shard %d", 500*from+k), Summary: "Search is slow"}
		}
		require.NoError(b, bell.Submit(b.Context(), batch...))
	}
	web := status.Dashboard(bell, &status.Config{Who: who, Logger: quietl})
	size := 0
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("User", "ana")
		w := httptest.NewRecorder()
		web.ServeHTTP(w, r)
		size = w.Body.Len()
	}
	b.ReportMetric(float64(size), "B/page")
}
