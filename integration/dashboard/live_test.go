package dashboard_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/respond"
)

// point moves the pointer to the middle of an element.
func (b *tab) point(selector string) {
	b.Helper()
	at := func(of string) float64 {
		v, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`(() => { const r = document.querySelector('`+selector+`').getBoundingClientRect(); return `+of+` })()`))
		require.NoError(b, err)
		return v
	}
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, at("r.left + r.width / 2"), at("r.top + r.height / 2")))
}

// value evaluates an expression.
func value[T any](b *tab, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b, err)
	return v
}

// TestIncidentLive: what others do is seen on the page of the incident without a reload, while a note is written and a row is pointed at.
func TestIncidentLive(t *testing.T) {
	c, b := newCompany(t), browser(t)
	c.unheld()
	c.now("ana")
	checkout := id(c.bell, t, "Checkout is down")
	b.look(c.url("ana", "/incident/"+checkout), views[0])
	b.until(`document.querySelector('#asof b').textContent === 'live'`)
	require.Contains(t, b.text("h1"), "Nobody has it.")

	b.do(chromedp.Click(`section[aria-labelledby=h-tl] details summary`), chromedp.SendKeys(`#note`, "the card gateway"))
	before := value[float64](b, `document.getElementById('note').getBoundingClientRect().top`)
	began := time.Now()
	acknowledge(c.bell, t, "ben", "Checkout is down")
	b.until(`document.querySelector('h1').textContent.includes('ben has it since')`)
	t.Logf("seen after %v", time.Since(began).Round(time.Millisecond))
	b.until(`document.querySelector('.tl').textContent.includes('acknowledged')`)
	b.until(`document.title.includes('ben has it') && document.querySelector('link[rel=icon]').href.endsWith('held.svg')`)
	assert.Equal(t, "the card gateway", value[string](b, `document.getElementById('note').value`))
	assert.Equal(t, "note", value[string](b, `document.activeElement.id`), "the focus stays")
	assert.InDelta(t, before, value[float64](b, `document.getElementById('note').getBoundingClientRect().top`), 1, "what is written stays where it is")
	b.do(chromedp.SendKeys(`#note`, " refuses"))
	assert.Equal(t, "the card gateway refuses", value[string](b, `document.getElementById('note').value`))
	b.picture("incident-live", true)

	value[bool](b, `document.querySelector('.tl li:nth-child(3)').scrollIntoView({block: 'center'}) || true`)
	b.point(`.tl li:nth-child(3) span`)
	entry := `document.querySelector('.tl li:nth-child(3)')`
	top, text := value[float64](b, entry+`.getBoundingClientRect().top`), value[string](b, entry+`.textContent`)
	require.NoError(t, c.bell.Do(context.Background(), respond.Unacknowledge{Incident: checkout, By: "ben"}))
	b.until(`document.querySelector('h1').textContent.includes('Nobody has it')`)
	assert.Equal(t, text, value[string](b, entry+`.textContent`), "the row under the pointer stays")
	assert.InDelta(t, top, value[float64](b, entry+`.getBoundingClientRect().top`), 1)
	b.point(`.brand`)
	b.until(`document.querySelector('.tl').textContent.includes('unacknowledged')`)

	b.do(chromedp.Click(`button[value=note]`), chromedp.WaitReady(`.answer`))
	assert.Contains(t, b.text(".answer"), "Done: your note stands in the timeline.")
	assert.Contains(t, b.text(".tl"), "the card gateway refuses")
}

// TestIncidentAway: the page of an incident whose server is gone says so, keeps what is written, and goes on when the server is back.
func TestIncidentAway(t *testing.T) {
	c, b := newCompany(t), browser(t)
	c.unheld()
	c.now("ana")
	b.look(c.url("ana", "/incident/"+id(c.bell, t, "Checkout is down")), views[0])
	b.do(chromedp.Click(`section[aria-labelledby=h-tl] details summary`), chromedp.SendKeys(`#note`, "the card gateway"))
	c.down.Store(true)
	c.users["ana"].CloseClientConnections()
	b.until(`document.querySelector('#asof').textContent.includes('disconnected')`)
	assert.Regexp(t, `^We cannot say: this page has heard nothing for \d+ s. What you see is from \d\d:\d\d:\d\d.$`, b.text("h1"))
	assert.Equal(t, "none", value[string](b, `getComputedStyle(document.querySelector('[data-part=act]')).display`), "nothing can be pressed that would be lost")
	b.picture("incident-disconnected", true)
	c.down.Store(false)
	acknowledge(c.bell, t, "ben", "Checkout is down")
	b.until(`document.querySelector('h1').textContent.includes('ben has it') && !document.body.classList.contains('off')`)
	assert.Equal(t, "the card gateway", value[string](b, `document.getElementById('note').value`))
}

// TestIncidentBlind: the page of an incident turns blind while it is open, and is dated when it is opened then.
func TestIncidentBlind(t *testing.T) {
	axe, err := os.ReadFile(required(t, os.Getenv("TOCSIN_AXE"), "axe-core: TOCSIN_AXE is not set"))
	require.NoError(t, err)
	c, b := newCompany(t), browser(t)
	c.unheld()
	c.now("ana")
	path := "/incident/" + id(c.bell, t, "Checkout is down")
	b.look(c.url("ana", path), views[0])
	c.kept.away.Store(true)
	b.until(`document.querySelector('h1').textContent.includes('We cannot say who has it now: the store does not answer.')`)
	for _, v := range looked() {
		b.look(c.url("ana", path), v)
		assert.Contains(t, b.text("h1"), "We cannot say who has it now")
		b.picture("incident-blind-"+v.name, true)
		b.judged(axe, "incident blind "+v.name)
		b.look(c.url("ana", "/history"), v)
		b.picture("history-blind-"+v.name, true)
		b.judged(axe, "history blind "+v.name)
	}
}

// TestOld: a page that is not told of changes says how old it is.
func TestOld(t *testing.T) {
	c, b := newCompany(t), browser(t)
	c.quiet()
	c.now("ana")
	b.look(c.url("ana", "/history"), views[0])
	assert.Regexp(t, `^ ?as of \d\d:\d\d:\d\d$`, b.text("#asof"))
	b.until(`document.querySelector('#asof').textContent.includes(' old,')`)
	assert.Regexp(t, `^\d+ s old, as of \d\d:\d\d:\d\d$`, b.text("#asof"))
	b.picture("old", true)
}
