package dashboard_test

import (
	"cmp"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scene is a state in which people find the dashboard.
type scene struct {
	name    string
	past    func(*company)
	path    string               // of the page; empty: the main page. ID stands for the incident of the checkout
	user    string               // empty: ana
	act     func(*tab, *company) // what happens once the page is open
	says    string               // begins or stands in the heading, or in what an action is answered
	at      string               // where it says so; empty: the heading
	screens bool                 // it is looked at on a wall too
}

// scenes are all the states of DASHBOARD §1.3 and §1.10, and every page.
var scenes = []scene{
	{name: "empty", past: func(*company) {}, says: "All quiet. 12 services, nothing is open."},
	{name: "quiet", past: (*company).quiet, says: "All quiet. 12 services, nothing open since", screens: true},
	{name: "unheld", past: (*company).unheld, says: "and nobody has it", screens: true}, // it is the state with one, too
	{name: "held", past: (*company).held, says: "Two incidents, both in hand.", screens: true},
	{name: "watched", past: (*company).watched, says: "Nothing is failing. Search recovered at", screens: true},
	{name: "storm", past: (*company).storm, says: "40 incidents in", screens: true},
	{name: "lost", past: (*company).lost, says: "reached nobody", screens: true},
	{name: "gap", past: (*company).gap, says: "Nobody is on call for shop", screens: true},
	{name: "ten-thousand", past: (*company).crowded, says: "10001 incidents in", screens: true},
	{name: "blind", past: (*company).unheld, act: (*tab).loseStore, says: "We cannot say: no decision for", screens: true},
	{name: "disconnected", past: (*company).unheld, act: (*tab).loseServer, says: "We cannot say: this page has heard nothing for"},
	{name: "stale", past: (*company).unheld, act: (*tab).loseRun, says: "We cannot say: no decision for"},
	{name: "read-only", past: (*company).unheld, user: ":hall", says: "and nobody has it"},
	{name: "refused", past: (*company).unheld, path: "/incident/ID", act: (*tab).refused, says: "Refused: 1 of 1 alerts still fire.", at: ".answer"},
	{name: "raced", past: (*company).unheld, act: (*tab).raced, says: " before you", at: ".answer"},
	{name: "done", past: (*company).unheld, act: (*tab).takes, says: "Done: you have it.", at: ".answer"},
	{name: "error-404", past: (*company).quiet, path: "/none", says: "There is no such page."},
	{name: "error-403", past: (*company).quiet, path: "/history", user: ":hall", says: "Only people see this."},
	{name: "error-503", past: (*company).unheld, path: "/alerts", act: (*tab).loseStoreAndLook, says: "The store does not answer."},
	{name: "incident-blind", past: (*company).unheld, path: "/incident/ID", act: (*tab).loseStoreAndLook, says: "We cannot say who has it now: the store does not answer."},
	{name: "services", past: (*company).storm, path: "/services", says: "Services"},
	{name: "service", past: (*company).unheld, path: "/service/checkout", says: "checkout"},
	{name: "alerts", past: (*company).storm, path: "/alerts", says: "Alerts"},
	{name: "alerts-none", past: func(*company) {}, path: "/alerts", says: "Alerts"},
	{name: "history", past: (*company).storm, path: "/history", says: "History"},
	{name: "history-none", past: (*company).quiet, path: "/history?text=nothing+has+this", says: "History"},
	{name: "messages", past: (*company).lost, path: "/messages", says: "Messages"},
	{name: "messages-none", past: (*company).quiet, path: "/messages", says: "Messages"},
	{name: "ledger", past: (*company).lost, path: "/ledger?person=dee", says: "What became of messages"},
	{name: "ledger-none", past: (*company).quiet, path: "/ledger?person=ben", says: "What became of messages"},
	{name: "filter-empty", past: (*company).unheld, path: "/?service=media", says: "and nobody has it"},
	{name: "capability", past: (*company).unheld, path: "/capability/buying", says: "Buying: checkout has a P1"},
	{name: "would-form", past: (*company).quiet, path: "/would", says: "What would happen"},
	{name: "would", past: (*company).unheld, path: "/would", act: (*tab).asksWhat, says: "ana", at: "#h-told + ol"},
	{name: "catalog", past: (*company).quiet, path: "/catalog", says: "Catalog"},
	{name: "incident-unheld", past: (*company).unheld, path: "/incident/ID", says: "Checkout is down"},
	{name: "incident-held", past: (*company).held, path: "/incident/ID", says: "Checkout is down"},
	{name: "resolve", past: (*company).unheld, path: "/incident/ID/resolve", says: "Resolve"},
	{name: "priority", past: (*company).unheld, path: "/incident/ID/priority", says: "priority"},
	{name: "page", past: (*company).unheld, path: "/incident/ID/page", says: "Page"},
	{name: "switch", past: (*company).unheld, path: "/switch", says: "runbook"},
}

// looked returns how pages are looked at: in all views with TOCSIN_LONG=1, and for pictures.
func looked() []view {
	if os.Getenv("TOCSIN_LONG") == "1" || *shots != "" || *update {
		return views
	}
	return []view{views[0], views[3]}
}

// TestStates looks at every state and every page in light, dark, on a telephone and on a wall, and has axe judge each. Without
// TOCSIN_LONG=1, and without pictures, it looks at each in light and on a telephone in the dark only.
func TestStates(t *testing.T) {
	axe, err := os.ReadFile(required(t, os.Getenv("TOCSIN_AXE"), "axe-core: TOCSIN_AXE is not set"))
	require.NoError(t, err)
	one := browser(t)
	judged, looks := 0, looked()
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			b := &tab{t, one.ctx}
			c := newCompany(t)
			s.past(c)
			c.now("ana", "ben", ":hall")
			path := cmp.Or(s.path, "/")
			if before, after, ok := strings.Cut(path, "ID"); ok {
				path = before + id(c.bell, t, "Checkout is down") + after
			}
			url := c.url(cmp.Or(s.user, "ana"), path)
			for k, v := range looks {
				if k == 0 || s.act == nil {
					b.look(url, v)
				} else {
					b.as(v)
				}
				if k == 0 && s.act != nil {
					s.act(b, c)
				}
				assert.Contains(t, b.text(cmp.Or(s.at, "h1")), s.says)
				b.picture(s.name+"-"+v.name, false)
				b.judged(axe, s.name+" "+v.name)
				b.inView(v)
				judged++
			}
			for _, scheme := range []string{"light", "dark"} {
				if s.screens {
					b.look(c.url(":hall", "/?wall=1"), view{scheme, 1920, 1080, scheme})
					assert.Contains(t, b.text("h1"), s.says)
					b.picture("wall-"+s.name+"-"+scheme, true)
					b.judged(axe, "wall "+s.name+" "+scheme)
					judged++
				}
			}
		})
	}
	t.Logf("%d states and pages, %d views of them judged by axe", len(scenes), judged)
}

// loseStore takes the store away while the page is open, and waits until the page says so.
func (b *tab) loseStore(c *company) {
	c.kept.away.Store(true)
	b.until(`document.querySelector('h1').textContent.includes('We cannot say')`)
	assert.Contains(b, b.text("h1"), "the store does not answer")
}

// loseStoreAndLook takes the store away and asks for the page once more.
func (b *tab) loseStoreAndLook(c *company) {
	c.kept.away.Store(true)
	b.do(chromedp.Reload(), chromedp.WaitReady("#main"))
}

// loseServer lets the server answer nothing any more.
func (b *tab) loseServer(c *company) {
	c.down.Store(true)
	for _, s := range c.users {
		s.CloseClientConnections()
	}
	b.until(`document.querySelector('#asof').textContent.includes('disconnected')`)
}

// loseRun ends the run of the engine while its pages are still served.
func (b *tab) loseRun(c *company) {
	c.stop()
	b.until(`document.querySelector('h1').textContent.includes('nothing is delivered')`)
}

// asksWhat asks what would come of an alert that nobody has sent.
func (b *tab) asksWhat(*company) {
	b.do(chromedp.SendKeys(`#payload`, `{"specversion":"1.0","id":"1","source":"/probe","type":"shop.ledger","subject":"eu","data":{"summary":"Bookings wait"}}`),
		chromedp.SetValue(`#headers`, "Content-Type: application/cloudevents+json"), chromedp.Click(`.acts button.main`), chromedp.WaitReady(`#h-told`))
}

// takes acknowledges the checkout.
func (b *tab) takes(*company) { b.do(chromedp.Click(button), chromedp.WaitReady(`.answer`)) }

// raced acknowledges the checkout, which somebody else has by then.
func (b *tab) raced(c *company) {
	b.do(chromedp.Focus(button))
	acknowledge(c.bell, b, "ben", "Checkout is down")
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitReady(`.answer`))
}

// refused tries to resolve an incident while its alert fires.
func (b *tab) refused(c *company) {
	b.do(chromedp.Click(`.acts a[href$="/resolve"]`), chromedp.WaitReady(`#note`), chromedp.Click(`button[value=resolve]`), chromedp.WaitReady(`.answer`))
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
