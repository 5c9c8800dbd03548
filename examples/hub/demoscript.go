package main

import (
	"cmp"
	"slices"
	"time"
)

// cue is one line of the script: at an instant of a round, a sender or a person does something.
type cue struct {
	at    time.Duration // from the beginning of the round
	by    string        // a sender; or a team, for who is on call for it; or TEAM.lead
	does  string
	about string // class, or the name of a heartbeat; everything: all that the team owns
	where string // what the event is about
	says  string // what the event says; what a person writes
}

// The senders.
const (
	prometheus = "prometheus"
	pipeline   = "pipeline"
	backup     = "backup"
)

// What senders and people do.
const (
	fires        = "fires"
	ends         = "ends"
	beats        = "beats"
	deploys      = "deploys"
	acknowledges = "acknowledges"
	notes        = "notes on"
	resolves     = "resolves"
	approves     = "approves the runbook for"
	declines     = "declines the runbook for"
	answers      = "answers the runbook for"
	waits        = "" // for the next round
)

const (
	everything = "*"
	staging    = "staging"
)

// script returns a round in the order of time. It is written story by story.
func script() []cue {
	const s = time.Second
	all := []cue{
		// A deploy breaks the checkout. Nobody answers at first; a runbook waits for an approval.
		{3 * s, pipeline, deploys, "shop.checkout.deploy", "2.14.0", "checkout 2.14.0 is deployed to all regions"},
		{8 * s, prometheus, fires, "shop.checkout.errors", "eu", "Payments fail in eu"},
		{14 * s, prometheus, fires, "shop.checkout.errors", "us", "Payments fail in us"},
		{75 * s, "payments.lead", acknowledges, "shop.checkout.errors", "", ""},
		{80 * s, "payments.lead", notes, "shop.checkout.errors", "", "It began with 2.14.0. Rolling back."},
		{95 * s, "payments.lead", approves, "shop.checkout.errors", "", ""},
		{115 * s, "payments.lead", answers, "shop.checkout.errors", "", "They do."},
		{118 * s, prometheus, ends, "shop.checkout.errors", "eu", ""},
		{120 * s, prometheus, ends, "shop.checkout.errors", "us", ""},
		{145 * s, "payments.lead", resolves, "shop.checkout.errors", "", "rolled back to 2.13.4"},

		// A slow search, whose first page does not get through.
		{30 * s, prometheus, fires, "shop.search.slow", "eu", "Search is slow in eu"},
		{52 * s, "discovery", acknowledges, "shop.search.slow", "", ""},
		{60 * s, "discovery", notes, "shop.search.slow", "", "One node is rebuilding its index. It takes a minute."},
		{135 * s, prometheus, ends, "shop.search.slow", "eu", ""},

		// What pages nobody: a class that only informs, a staging system, a low priority.
		{20 * s, prometheus, fires, "shop.db.disk", "db-primary-1", "The disk of db-primary-1 is full in 9 days"},
		{40 * s, prometheus, fires, "shop.accounts.signin", staging, "Sign-in fails in staging"},
		{70 * s, prometheus, ends, "shop.accounts.signin", staging, ""},
		{88 * s, prometheus, fires, "shop.mail.backlog", "outbound", "Mails wait in the queue outbound"},
		{128 * s, prometheus, ends, "shop.mail.backlog", "outbound", ""},
		{200 * s, prometheus, ends, "shop.db.disk", "db-primary-1", ""},

		// A flapping alert: it counts as firing until a person ends it.
		{104 * s, prometheus, fires, "shop.media.thumbnails", "media-3", "Thumbnails fail on media-3"},
		{108 * s, prometheus, ends, "shop.media.thumbnails", "media-3", ""},
		{112 * s, prometheus, fires, "shop.media.thumbnails", "media-3", "Thumbnails fail on media-3"},
		{116 * s, prometheus, ends, "shop.media.thumbnails", "media-3", ""},
		{121 * s, prometheus, fires, "shop.media.thumbnails", "media-3", "Thumbnails fail on media-3"},
		{126 * s, prometheus, ends, "shop.media.thumbnails", "media-3", ""},
		{131 * s, prometheus, fires, "shop.media.thumbnails", "media-3", "Thumbnails fail on media-3"},
		{140 * s, "discovery", acknowledges, "shop.media.thumbnails", "", ""},
		{150 * s, "discovery", notes, "shop.media.thumbnails", "", "media-3 has a bad cable. It is out of rotation."},
		{170 * s, prometheus, ends, "shop.media.thumbnails", "media-3", ""},
		{186 * s, "discovery", resolves, "shop.media.thumbnails", "", "media-3 is out of rotation"},

		// The database takes no writes, and takes nine services with it.
		{215 * s, prometheus, fires, "shop.db.writes", "db-primary-1", "The database db-primary-1 takes no writes"},
		{217 * s, prometheus, fires, "shop.basket.errors", "eu", "Baskets are not saved in eu"},
		{218 * s, prometheus, fires, "shop.orders.unconfirmed", "eu", "Orders are not confirmed in eu"},
		{219 * s, prometheus, fires, "shop.orders.unconfirmed", "us", "Orders are not confirmed in us"},
		{220 * s, prometheus, fires, "shop.checkout.errors", "eu", "Payments fail in eu"},
		{220 * s, prometheus, fires, "shop.checkout.errors", "us", "Payments fail in us"},
		{221 * s, prometheus, fires, "shop.ledger.bookings", "eu", "Bookings wait in eu"},
		{222 * s, prometheus, fires, "shop.accounts.signin", "eu", "Sign-in fails in eu"},
		{223 * s, prometheus, fires, "shop.storefront.errors", "eu", "Pages of the shop fail in eu"},
		{224 * s, prometheus, fires, "shop.search.errors", "eu", "Search fails in eu"},
		{225 * s, prometheus, fires, "shop.recommendations.stale", "eu", "Recommendations are old in eu"},
		{226 * s, prometheus, fires, "shop.mail.backlog", "outbound", "Mails wait in the queue outbound"},
		{243 * s, "platform", acknowledges, everything, "", ""},
		{247 * s, "platform", notes, "shop.db.writes", "", "The disk of db-primary-1 is read-only. Failing over to db-primary-2."},
		{252 * s, "shop", acknowledges, everything, "", ""},
		{256 * s, "discovery", acknowledges, everything, "", ""},
		{262 * s, "payments.lead", acknowledges, everything, "", ""},
		{266 * s, "payments.lead", declines, "shop.checkout.errors", "", "It is the database, not a deploy."},
		{270 * s, prometheus, ends, "shop.db.writes", "db-primary-1", ""},
		{272 * s, prometheus, ends, "shop.basket.errors", "eu", ""},
		{272 * s, prometheus, ends, "shop.orders.unconfirmed", "eu", ""},
		{272 * s, prometheus, ends, "shop.orders.unconfirmed", "us", ""},
		{273 * s, prometheus, ends, "shop.checkout.errors", "eu", ""},
		{273 * s, prometheus, ends, "shop.checkout.errors", "us", ""},
		{273 * s, prometheus, ends, "shop.ledger.bookings", "eu", ""},
		{274 * s, prometheus, ends, "shop.accounts.signin", "eu", ""},
		{275 * s, prometheus, ends, "shop.storefront.errors", "eu", ""},
		{276 * s, prometheus, ends, "shop.search.errors", "eu", ""},
		{278 * s, prometheus, ends, "shop.recommendations.stale", "eu", ""},
		{280 * s, prometheus, ends, "shop.mail.backlog", "outbound", ""},
		{291 * s, "platform", resolves, everything, "", "db-primary-2 took over"},
		{294 * s, "payments.lead", resolves, everything, "", "db-primary-2 took over"},

		// Whatever a visitor has left open is closed, before a quiet while.
		{305 * s, "shop", resolves, everything, "", "the day is over"},
		{305 * s, "discovery", resolves, everything, "", "the day is over"},
		{306 * s, "platform", resolves, everything, "", "the day is over"},
		{306 * s, "payments.lead", resolves, everything, "", "the day is over"},
		{345 * s, "", waits, "", "", ""},
	}
	// The backup says every 15 seconds that it works, but for a while.
	for at := time.Duration(0); at < 345*s; at += 15 * s {
		if at < 150*s || at >= 195*s {
			all = append(all, cue{at, backup, beats, "backup", "", ""})
		}
	}
	all = append(all, cue{185 * s, "platform", acknowledges, "heartbeat.backup", "", ""})
	slices.SortStableFunc(all, func(a, b cue) int { return cmp.Compare(a.at, b.at) })
	return all
}
