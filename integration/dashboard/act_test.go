package dashboard_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
)

// holders returns who has the checkout.
func (c *company) holders() (names []string) {
	i, err := c.bell.Incident(context.Background(), id(c.bell, c, "Checkout is down"))
	require.NoError(c, err)
	for _, a := range i.Escalation.Acks {
		names = append(names, string(a.By))
	}
	return names
}

const button = `button[aria-label="Acknowledge: Checkout is down"]`

// TestAcknowledge takes an incident in each of the ways in which a person can.
func TestAcknowledge(t *testing.T) {
	b := browser(t)
	for _, way := range []struct {
		name string
		do   func(*tab)
	}{
		{"by click", func(b *tab) { b.do(chromedp.Click(button)) }},
		{"by keyboard alone", func(b *tab) {
			for range 40 {
				b.do(chromedp.KeyEvent(kb.Tab))
				if at, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.activeElement.getAttribute('aria-label') || ''`)); at == "Acknowledge: Checkout is down" {
					b.do(chromedp.KeyEvent(kb.Enter))
					return
				}
			}
			b.Error("the button is not reached by the keyboard")
		}},
		{"with script off", func(b *tab) {
			b.scripts(false)
			b.do(chromedp.Reload(), chromedp.Click(button), chromedp.WaitReady(`.answer`))
			b.scripts(true)
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			c, b := newCompany(t), &tab{t, b.another().ctx}
			c.unheld()
			c.now("ana")
			b.look(c.url("ana", "/"), views[0])
			way.do(b)
			b.do(chromedp.WaitReady(`.answer`))
			assert.Contains(t, b.text(".answer"), "Done: you have it.")
			assert.Equal(t, []string{"ana"}, c.holders())
		})
	}
}

// TestLive: what happens is seen without a reload, announced once, and does not move a row under the pointer.
func TestLive(t *testing.T) {
	c, b := newCompany(t), browser(t)
	c.quiet()
	c.now("ana")
	b.look(c.url("ana", "/"), views[0])
	require.Contains(t, b.text("h1"), "All quiet.")
	fire(c.bell, t, "shop.checkout", "eu", "Checkout is down")
	b.until(`document.querySelector('h1').textContent.includes('Checkout is down')`)
	b.until(`document.title.includes('nobody has it') && document.querySelector('link[rel=icon]').href.endsWith('unheld.svg')`)
	assert.Equal(t, "P1 Checkout is down", b.text("#alarm"))

	where := `document.querySelector('` + strings.ReplaceAll(button, `"`, `\"`) + `').getBoundingClientRect().top`
	b.do(chromedp.Focus(button))
	before, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](where))
	require.NoError(t, err)
	fire(c.bell, t, "shop.ledger", "eu", "Bookings wait")
	b.until(`document.querySelector('.new') !== null`)
	assert.Equal(t, "1 new", b.text(".new"))
	same, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.activeElement.getAttribute('aria-label') === 'Acknowledge: Checkout is down'`))
	require.NoError(t, err)
	assert.True(t, same, "the focus stays")
	after, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](where))
	require.NoError(t, err)
	assert.InDelta(t, before, after, 60, "the row stays, but for the line that says what is new")
	b.do(chromedp.Click(`.new button`))
	b.until(`document.querySelectorAll('.row.unheld').length === 2`)
}

// TestRace: two people press at once. Both have the incident, and the second hears who was first.
func TestRace(t *testing.T) {
	c, one := newCompany(t), browser(t)
	two := one.another()
	c.unheld()
	c.now("ana", "ben")
	one.look(c.url("ana", "/"), views[0])
	two.look(c.url("ben", "/"), views[0])
	two.do(chromedp.Focus(button)) // ben is about to press, so his row stays
	one.front()
	one.do(chromedp.Click(button), chromedp.WaitReady(`.answer`))
	two.front()
	two.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitReady(`.answer`))
	assert.Contains(t, one.text(".answer"), "Done: you have it.")
	assert.Regexp(t, `^ana acknowledged (just|\d+ s) before you`, two.text(".answer"))
	assert.Equal(t, []string{"ana", "ben"}, c.holders())
}

// TestAway: a page whose server is gone says so, and goes on when the server is back.
func TestAway(t *testing.T) {
	c, b := newCompany(t), browser(t)
	c.unheld()
	c.now("ana")
	b.look(c.url("ana", "/"), views[0])
	c.down.Store(true)
	c.users["ana"].CloseClientConnections()
	b.until(`document.querySelector('#asof').textContent.includes('disconnected')`)
	assert.Regexp(t, `^We cannot say: this page has heard nothing for \d+ s. What you see is from \d\d:\d\d:\d\d.$`, b.text("h1"))
	c.down.Store(false)
	fire(c.bell, t, "shop.ledger", "eu", "Bookings wait")
	b.until(`document.querySelector('h1').textContent.includes('have nobody') && !document.body.classList.contains('off')`)
}

// TestResolve asks once, by a page, and needs a reason while alerts fire.
func TestResolve(t *testing.T) {
	c, b := newCompany(t), browser(t)
	c.unheld()
	c.now("ben")
	checkout := id(c.bell, t, "Checkout is down")
	b.look(c.url("ben", "/incident/"+checkout), views[0])
	b.do(chromedp.Click(`.acts a[href$="/resolve"]`), chromedp.WaitReady(`#note`), chromedp.Click(`button[value=resolve]`), chromedp.WaitReady(`.answer`))
	assert.Contains(t, b.text(".answer"), "Refused: 1 of 1 alerts still fire.")
	b.do(chromedp.Click(`.acts a[href$="/resolve"]`), chromedp.WaitReady(`#note`), chromedp.SendKeys(`#note`, "it was a test"),
		chromedp.Click(`input[name=alerts]`), chromedp.Click(`button[value=resolve]`), chromedp.WaitReady(`.answer`))
	assert.Contains(t, b.text(".answer"), "Done: it is resolved.")
	all, err := c.bell.Incidents(context.Background(), tocsin.Query{Phase: incident.Resolved})
	require.NoError(t, err)
	assert.Equal(t, checkout, all[0].ID)
	assert.Contains(t, b.text(".tl"), "it was a test")
}
