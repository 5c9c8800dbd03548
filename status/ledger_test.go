package status_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store/memory"
)

var tag = regexp.MustCompile(`<[^>]*>`)

// lines returns the lines of the list of messages in a page, without their times.
func messageLines(page string) (all []string) {
	_, list, _ := strings.Cut(page, `>Messages <`)
	_, list, _ = strings.Cut(list, "<ol")
	list, _, _ = strings.Cut(list, "</ol>")
	for item := range strings.SplitSeq(list, "<li>") {
		if parts := strings.SplitAfterN(item, "</span>", 2); strings.Contains(item, "<span") {
			if !strings.Contains(item, "<time") { // now
				parts = strings.SplitAfterN(parts[1], "</span>", 2)
			}
			first := strings.TrimSpace(tag.ReplaceAllString(regexp.MustCompile(`<time.*?</time>`).ReplaceAllString(parts[0], ""), ""))
			all = append(all, html.UnescapeString(first+" | "+strings.TrimSpace(tag.ReplaceAllString(parts[1], ""))))
		}
	}
	return all
}

// TestLedgerPage: the page of an incident and the ledger say the same of each message; the file has all of it.
func TestLedgerPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := notify.RetryAfter(errors.New("503"), time.Minute)
		var answer atomic.Pointer[error]
		busy := func(err error) { answer.Store(&err) }
		busy(away)
		pager := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, *answer.Load() })
		bell, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: shop(), Store: memory.New(), Notifiers: map[string]notify.Notifier{"pager": pager}, Logger: quietl})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- bell.Run(ctx) }()
		defer func() { stop(); require.NoError(t, <-done) }()
		s := &stage{T: t, bell: bell, web: status.Dashboard(bell, &status.Config{Who: who, Logger: quietl})}
		s.fires("shop.down", "eu", `=HYPERLINK("https://evil","Checkout")`)
		id := s.only()
		assert.Equal(t, []string{
			"page to ana over pager, level 1 | on its way",
			"page to ana over pager, level 1 | failed, tried again at 00:01:00: pager: 503",
		}, messageLines(s.get("ana", "/incident/"+id).Body.String()))

		busy(nil)
		pass(time.Minute)
		busy(away)
		pass(5 * time.Minute)
		s.post("cho", "do", "acknowledge", "incident", id)
		busy(notify.Permanent(errors.New("no such number")))
		require.NoError(t, bell.Do(t.Context(), respond.Page{Incident: id, By: "cho", Target: "person:ben", Because: "come"}))
		synctest.Wait()
		want := []string{
			"page to ben over pager: by hand | failed: pager: no such number",
			"page to ben over pager, level 2 | withdrawn: cho has it",
			"page to ana over pager, level 1 | taken by the channel",
			"page to ana over pager, level 1 | failed, tried again at 00:01:00: pager: 503",
		}
		page := s.get("ana", "/incident/"+id)
		var got []string
		for _, l := range messageLines(page.Body.String()) {
			if !strings.Contains(l, "ben over pager, level 2 | failed, tried again") && !strings.HasPrefix(l, "notice") {
				got = append(got, l)
			}
		}
		assert.Equal(t, want, got)
		assert.Contains(t, page.Body.String(), `href="../ledger?incident=`+id)
		assert.Equal(t, messageLines(page.Body.String()), messageLines(s.get("ana", "/ledger?incident="+id).Body.String()))
		bens := messageLines(s.get("ana", "/ledger?person=ben").Body.String())
		assert.NotEmpty(t, bens)
		for _, l := range bens {
			assert.Contains(t, l, "to ben")
			assert.Contains(t, l, " · ", "the incident")
		}
		assert.Contains(t, s.get("ana", "/ledger?person=ben&to=1999-12-31&from=1999-12-30").Body.String(), "No message was sent, tried or withheld.")

		file := s.get("ana", "/ledger.csv?person=ben")
		assert.Equal(t, `attachment; filename="messages.csv"`, file.Header().Get("Content-Disposition"))
		rows, err := csv.NewReader(file.Body).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 1+len(bens))
		assert.Equal(t, "at", rows[0][0])
		for _, row := range rows[1:] {
			assert.True(t, strings.HasPrefix(row[2], "'=HYPERLINK") || strings.HasPrefix(row[2], "incident "), row[2])
			assert.Equal(t, "ben", row[7])
		}
	})
}

// apart is shop, in which each subject has an incident of its own.
func apart() *catalog.Catalog {
	c := shop()
	c.Plans["standard"] = catalog.Plan{Policy: "levels", Group: catalog.Grouping{By: []string{"subject"}}}
	return c
}

// TestCells: no cell of the file begins as a formula does.
func TestCells(t *testing.T) {
	playWith(t, apart(), func(s *stage) {
		for _, first := range []string{"=", "+", "-", "@", "\t", "\r", " =", "＝", "a", "'"} {
			s.fires("shop.down", first, first+"1+1")
		}
		rows, err := csv.NewReader(s.get("ana", "/ledger.csv").Body).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 11)
		for _, row := range rows[1:] {
			assert.Len(t, row, 15)
			for _, cell := range row {
				assert.NotRegexp(t, `^\s*[=+\-@＝\t\r]`, cell)
			}
		}
	})
}

// TestLedgerGoesOn: a page of a ledger whose incidents are too many for one answer leads to the rest, and the file holds all.
func TestLedgerGoesOn(t *testing.T) {
	playWith(t, apart(), func(s *stage) {
		const n = 600
		for i := range n {
			require.NoError(s, s.bell.Submit(s.Context(), event.Event{Type: "shop.down", Subject: fmt.Sprint(i), Summary: "down"}))
		}
		pass(time.Minute)
		all, err := s.bell.Incidents(s.Context(), every)
		require.NoError(s, err)
		rows, err := csv.NewReader(s.get("ana", "/ledger.csv").Body).ReadAll()
		require.NoError(s, err)
		seen := map[string]bool{}
		for _, row := range rows[1:] {
			seen[row[1]] = true
		}
		assert.Len(s, seen, len(all))
		page := s.get("ana", "/ledger").Body.String()
		assert.Contains(s, page, "There are more.")
		assert.Regexp(s, `href="./ledger\?after=[^"]*">Older`, page)
		require.Greater(s, len(all), n-1)
		s.Logf("%d incidents, %d rows", len(all), len(rows))
	})
}

// TestLedgerOfATenant: the ledger of another tenant is nowhere, by no way of asking.
func TestLedgerOfATenant(t *testing.T) {
	inBubble(t, func(t *testing.T, h *apiHouse) {
		synctest.Wait()
		for path, want := range map[string]int{
			"/incidents/{id}/messages": 404, "/messages": 200, "/messages?tenant=acme": 404, "/messages?after={id}": 404, "/messages?person=ana&tenant=acme": 404,
			"/incidents/{broken}/messages": 404,
		} {
			w := h.ask("stranger", http.MethodGet, path, "")
			assert.Equal(t, want, w.Code, path)
			assert.NotContains(t, w.Body.String(), "Checkout", path)
		}
		w := h.ask("person", http.MethodGet, "/incidents/{broken}/messages", "")
		assert.Equal(t, 200, w.Code, "what became of the messages of an incident that cannot be read")
		assert.Contains(t, w.Body.String(), `"person":"ana"`)
		assert.NotContains(t, w.Body.String(), "+4915")
	})
}
