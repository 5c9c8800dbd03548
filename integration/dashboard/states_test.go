package dashboard_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
)

// TestStates looks at each state in light, dark, on a telephone and on a wall, and has axe judge each page.
func TestStates(t *testing.T) {
	axe, err := os.ReadFile(required(t, os.Getenv("TOCSIN_AXE"), "axe-core: TOCSIN_AXE is not set"))
	require.NoError(t, err)
	b := browser(t)
	for _, scene := range []struct {
		name    string
		past    func(*company)
		pages   map[string]string // by name, "" is that of the scene
		verdict string
	}{
		{"quiet", (*company).quiet, map[string]string{"": "/", "services": "/services", "alerts": "/alerts", "history": "/history", "messages": "/messages", "ledger": "/ledger", "catalog": "/catalog", "none": "/none"}, "All quiet."},
		{"unheld", (*company).unheld, map[string]string{"": "/", "incident": "/incident/ID", "service": "/service/checkout", "resolve": "/incident/ID/resolve", "priority": "/incident/ID/priority", "switch": "/switch", "page": "/incident/ID/page"}, "nobody has it"},
		{"held", func(c *company) {
			c.unheld()
			c.then(90e9, func(e *tocsin.Engine) { acknowledge(e, c, "ben", "Checkout is down") })
		}, map[string]string{"": "/", "incident": "/incident/ID"}, "both in hand"},
		{"storm", (*company).storm, map[string]string{"": "/"}, "40 incidents"},
	} {
		t.Run(scene.name, func(t *testing.T) {
			b := &tab{t, b.ctx}
			c := newCompany(t)
			scene.past(c)
			c.now("ana", ":hall")
			for name, path := range scene.pages {
				if before, after, ok := strings.Cut(path, "ID"); ok {
					path = before + id(c.bell, t, "Checkout is down") + after
				}
				file := scene.name
				if name != "" {
					file = name
				}
				if name == "incident" && scene.name != "held" {
					file = "incident-" + scene.name
				}
				for _, v := range views {
					b.look(c.url("ana", path), v)
					if name == "" {
						assert.Contains(t, b.text("h1"), scene.verdict)
					}
					b.picture(file+"-"+v.name, false)
					b.judged(axe, file+" "+v.name)
					b.inView(v)
				}
			}
			for _, v := range []view{{"light", 1920, 1080, "light"}, {"dark", 1920, 1080, "dark"}} {
				b.look(c.url(":hall", "/?wall=1"), v)
				b.picture("wall-"+scene.name+"-"+v.name, true)
				b.judged(axe, "wall "+v.name)
			}
		})
	}
}

// TestBlind: a store that is away makes the page blind while it is open, and dated.
func TestBlind(t *testing.T) {
	b := browser(t)
	c := newCompany(t)
	c.unheld()
	c.now("ana")
	b.look(c.url("ana", "/"), views[0])
	c.kept.away.Store(true)
	b.until(`document.querySelector('h1').textContent.includes('We cannot say')`)
	for _, v := range views {
		b.look(c.url("ana", "/"), v)
		assert.Contains(t, b.text("h1"), "the store does not answer")
		b.picture("blind-"+v.name, false)
	}
}

// judged has axe judge the page.
func (b *tab) judged(axe []byte, name string) {
	b.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](string(axe)+"; 'ready'"))
	require.NoError(b, err)
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		`axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' | ').slice(0, 300))))`,
		chromedp.EvalAwaitPromise))
	require.NoError(b, err)
	var violations []string
	require.NoError(b, json.Unmarshal([]byte(found), &violations))
	assert.Empty(b, violations, name)
}

// inView checks that the heading and, on the page of an incident, the four answers stand in what is seen first.
func (b *tab) inView(v view) {
	b.Helper()
	low, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`Math.max(...[...document.querySelectorAll('h1, .four div')].map((e) => e.getBoundingClientRect().bottom))`))
	require.NoError(b, err)
	assert.LessOrEqual(b, low, float64(v.height), "%s: the answers stand in the first view", v.name)
	wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`document.documentElement.scrollWidth`))
	require.NoError(b, err)
	assert.LessOrEqual(b, wide, float64(v.width), "%s: nothing is wider than the view", v.name)
}
