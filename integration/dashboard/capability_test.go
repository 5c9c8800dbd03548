package dashboard_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// TestCapability goes from the row of the main page to a capability, makes a share link there with script off, and opens it. axe judges
// each page, with the chooser of tenants open.
func TestCapability(t *testing.T) {
	axe, err := os.ReadFile(required(t, os.Getenv("TOCSIN_AXE"), "axe-core: TOCSIN_AXE is not set"))
	require.NoError(t, err)
	b := browser(t)
	c := newCompany(t)
	c.unheld()
	c.now("ana")
	pages := status.Dashboard(c.bell, &status.Config{Logger: silent, Who: func(*http.Request) (respond.Viewer, bool) {
		return respond.Viewer{Person: "ana", Tenants: []string{"", "bolt"}}, true
	}})
	mux := http.NewServeMux()
	mux.Handle("/status/", http.StripPrefix("/status", pages))
	mux.Handle("/a/", status.Links(c.bell, nil))
	site := httptest.NewServer(mux)
	defer site.Close()

	b.look(site.URL+"/status/", views[0])
	b.do(chromedp.Click(`#capabilities a[href$="capability/buying"]`), chromedp.WaitReady(`#h-parts`))
	assert.Contains(t, b.text("h1"), "Buying: checkout has a P1 for 4 min, and nobody has it")
	for _, v := range looked() {
		b.look(site.URL+"/status/capability/buying", v)
		b.picture("capability-"+v.name, false)
		b.judged(axe, "capability "+v.name)
		b.inView(v)
		b.do(chromedp.Click(`.top summary`))
		b.picture("tenants-"+v.name, true)
		b.judged(axe, "tenants "+v.name)
	}
	b.scripts(false)
	b.do(chromedp.Click(`.top .menu a[href$="/@bolt/capability/buying"]`), chromedp.WaitReady(`#h-parts`))
	assert.Contains(t, b.text("h1"), "Buying: nothing is open", "the other tenant's")
	b.look(site.URL+"/status/capability/buying", views[0])
	b.do(chromedp.Click(`form[action$="/share"] button`), chromedp.WaitReady(`input[readonly]`))
	b.scripts(true)
	link, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('input[readonly]').value`))
	require.NoError(t, err)
	b.picture("shared", false)
	b.judged(axe, "shared")
	to, err := url.Parse(link)
	require.NoError(t, err)
	for _, v := range looked() {
		b.look(site.URL+to.Path, v)
		assert.Contains(t, b.text("main"), "checkout has a P1 for 4 min, and nobody has it; one more is open.")
		b.picture("share-"+v.name, false)
		b.judged(axe, "share "+v.name)
		b.inView(v)
	}
}
