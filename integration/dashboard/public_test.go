package dashboard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// forCustomers makes the catalog of the shop one with a public page.
func forCustomers(what *catalog.Catalog) {
	for name, s := range map[string][2]string{
		"checkout": {"Checkout", "Card payments fail in Europe."}, "search": {"Search", "Search is slow."}, "basket": {"Baskets", "Baskets are saved slowly."},
		"media": {"Product pages", "Pictures are late."}, "accounts": {"Sign-in", "Sign-in fails."}, "orders": {"Orders and invoices", "Invoices are late."},
		"hub": {"API", "The API answers slowly."}, "mail": {"Webhooks", "Webhooks are late."},
	} {
		service := what.Services[name]
		service.Name, service.Impaired = s[0], s[1]
		what.Services[name] = service
	}
	plan := what.Plans["standard"]
	plan.Comms = "customers"
	what.Plans["standard"] = plan
	what.Comms = map[string]catalog.Comms{"customers": {Audiences: []string{"status-page"}, Messages: map[comms.Stage]string{
		comms.Investigating: "{{.Impaired}} We are looking for the cause.", comms.Identified: "{{.Impaired}} {{.Doing}}", comms.Resolved: "{{.Service}} works again.",
	}}}
	follow := map[string]catalog.Follow{}
	for _, name := range []string{"checkout", "search", "basket", "media", "accounts", "orders", "hub", "mail"} {
		follow[name] = catalog.Follow{Alerts: true}
	}
	what.Page = catalog.Page{
		Name: "Larkfield", Support: "https://help.larkfield.example/", Colour: "#0a5", Follow: follow, Groups: []catalog.PageGroup{
			{Name: "Shop", Components: []string{"checkout", "search", "basket", "media"}},
			{Name: "Your account", Components: []string{"accounts", "orders"}},
			{Name: "For developers", Components: []string{"hub", "mail"}},
		},
	}
}

// trouble lets a service fail for customers, some time ago and for some time; 0: it still does.
func (c *company) trouble(class, what string, ago, span time.Duration) {
	ctx := context.Background()
	c.then(ago, func(b *tocsin.Engine) {
		fire(b, c, class, "eu", what)
		require.NoError(c, b.Do(ctx, respond.SendUpdate{Incident: id(b, c, what), By: "ana"}))
	})
	if span == 0 {
		return
	}
	c.then(ago-span, func(b *tocsin.Engine) { end(b, c, class, "eu") })
	c.then(ago-span-20*time.Minute, func(b *tocsin.Engine) { // it has stayed well
		of := id(b, c, what)
		require.NoError(c, b.Do(ctx, respond.SendUpdate{Incident: of, Stage: comms.Resolved, By: "ana", Confirm: true}))
		require.NoError(c, b.Do(ctx, respond.Resolve{Incident: of, By: "ana"}))
	})
}

// customers opens the public page of a shop with a past, which is also written into a folder.
func (c *company) customers(folder string) (url string) {
	const day = 24 * time.Hour
	c.plan = forCustomers
	c.trouble("shop.search", "p95 of search is 4 s", 59*day, 18*time.Minute)
	c.trouble("shop.checkout", "psp-eu-1 refuses", 37*day, 52*time.Minute)
	c.trouble("shop.orders", "queue inv-7 is full", 19*day, 205*time.Minute)
	c.trouble("shop.search", "p95 of search is 3 s", 29*time.Minute, 0)
	c.trouble("shop.checkout", "psp-eu-3 times out", 16*time.Minute, 0)
	c.then(3*time.Minute, func(b *tocsin.Engine) {
		text := "Our card provider’s main connection in Europe does not answer. We are moving payments to a second one. What you have chosen is kept. You are not charged for a payment that failed."
		of := id(b, c, "psp-eu-3 times out")
		require.NoError(c, b.Do(context.Background(), respond.DraftUpdate{Incident: of, By: "ana", Stage: comms.Identified, Text: text}))
		all, err := b.Incident(context.Background(), of)
		require.NoError(c, err)
		require.NoError(c, b.Do(context.Background(), respond.SendUpdate{Incident: of, Update: all.Comms.Updates[len(all.Comms.Updates)-1].ID, By: "ana"}))
	})
	c.now("ana")
	page, err := status.NewPublic(c.bell, &status.PublicConfig{URL: "https://status.larkfield.example", Export: folder, Logger: silent})
	require.NoError(c, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- page.Run(ctx) }()
	server := httptest.NewServer(page)
	c.Cleanup(func() {
		stop()
		require.NoError(c, <-done)
		server.Close()
	})
	require.Eventually(c, func() bool {
		answer, err := http.Get(server.URL)
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, 10*time.Second, 50*time.Millisecond)
	return server.URL
}

// TestPublic looks at the files of a public page, which package status holds to what it makes, with a browser: in light, in the dark and on a
// telephone, with and without scripts. axe judges each, and nothing is wider than the view.
func TestPublic(t *testing.T) {
	axe, err := os.ReadFile(required(t, os.Getenv("TOCSIN_AXE"), "axe-core: TOCSIN_AXE is not set"))
	require.NoError(t, err)
	b := browser(t)
	files := httptest.NewServer(http.FileServer(http.Dir(filepath.Join("..", "..", "status", "testdata", "public"))))
	defer files.Close()
	judged := 0
	for _, p := range []struct{ name, path, says string }{
		{"public", "/fresh/", "Card payments fail in Europe."},
		{"public-old", "/old/", "This page is 7 min old."},
		{"public-history", "/fresh/history/", "Earlier incidents"},
		{"public-incident", "/fresh/incidents/p1/", "Card payments fail in Europe"},
		{"public-none", "/fresh/404.html", "There is no such page."},
	} {
		for _, v := range looked() {
			b.scripts(false)
			b.look(files.URL+p.path, v)
			b.scripts(true) // axe is one
			assert.Contains(t, b.text("h1"), p.says)
			assert.Contains(t, b.text("#asof"), "as of 14:17 UTC")
			assert.Contains(t, b.text("#written"), "If that is more than 5 minutes ago, we do not answer")
			b.picture(p.name+"-"+v.name, false)
			b.narrow(v)
			b.judged(axe, p.name+" "+v.name)

			b.look(files.URL+p.path, v)
			assert.Contains(t, b.text("#old"), " old by your clock.", "the script counts the age")
			_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach((d) => d.open = true); true`))
			require.NoError(t, err)
			b.narrow(v)
			b.judged(axe, p.name+" "+v.name+", with all that opens")
			judged += 2
		}
	}
	t.Logf("%d views of the public page judged by axe", judged)
}

// TestPublicIsServed looks at the public page of a running engine: it loads its stylesheet and its script under its policy, and nothing inside stands on it.
func TestPublicIsServed(t *testing.T) {
	b, folder := browser(t), t.TempDir()
	c := newCompany(t)
	url := c.customers(folder)
	written := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer written.Close()
	for _, of := range []string{url, written.URL} {
		for _, path := range []string{"/", "/history/"} {
			b.look(of+path, views[2])
			b.narrow(views[2])
			loaded, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`getComputedStyle(document.body).margin === "0px" && document.querySelector("time").title.includes("where you are")`))
			require.NoError(t, err)
			assert.True(t, loaded, of+path)
			assert.Empty(t, b.text("#old"), "it is fresh")
			for _, inside := range []string{"psp-eu", "inv-7", "p95", "ana"} {
				assert.NotContains(t, b.text("body"), inside, of+path)
			}
		}
	}
}

// narrow checks that nothing is wider than the view.
func (b *tab) narrow(v view) {
	b.Helper()
	wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`document.documentElement.scrollWidth`))
	require.NoError(b, err)
	assert.LessOrEqual(b, wide, float64(v.width), "%s: nothing is wider than the view", v.name)
}
