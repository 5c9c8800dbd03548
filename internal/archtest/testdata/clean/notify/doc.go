// Package notify is pure: addresses are parsed, never dialled.
package notify

import (
	"net/netip"
	"net/url"
)

// Message is what is sent.
type Message struct {
	To   *url.URL   // where it goes
	From netip.Addr // where it comes from
}
