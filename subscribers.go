package tocsin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Subscription is a request for the updates of a list.
type Subscription struct {
	Tenant  string
	List    string       // NAME of a channel subscribers:NAME of an audience
	Mail    string       // address of a person, or
	Webhook string       // https URL of a machine
	Filter  comms.Filter // the zero Filter wants all updates
}

// Subscriber is who gets the updates of a list, as operators see it.
type Subscriber struct {
	ID      string // names the subscriber in no other system
	List    string
	Address string // masked: a***@shop.example, https://hooks.example/***; empty: it was forgotten
	Webhook bool
	State   string // pending, confirmed, unsubscribed or off
	Filter  comms.Filter
	Since   time.Time // when it was confirmed
	Ended   time.Time // when it was unsubscribed, or turned off
	Fails   int       // updates in a row that could not be delivered; after five it is off
	Fault   string    // of the latest of them
	// Secret signs the requests to a webhook, see [github.com/tocsin-dev/tocsin/notify/webhook.Verify]. Only [Engine.Confirm] sets it.
	Secret string
}

// SubscriptionError says what is wrong with a [Subscription].
type SubscriptionError struct{ Reason string }

// Error implements error.
func (e *SubscriptionError) Error() string { return "tocsin: subscribe: " + e.Reason }

const mostMail = 254 // bytes of an address of mail (RFC 5321)

// Subscribe sends a message with a link to the address, by which it confirms that it wants the updates. The link is valid for 24 hours, and
// an address gets at most three such messages in that time. An address that answered such a message by unsubscribing gets none.
//
// The answer is the same whatever is known of the address: nil if the request is well-formed. Any other request gets a
// [*SubscriptionError] that says what is wrong with it, and nothing else; a list that the catalog does not have is another error. Anybody may subscribe; package status has the page, which bounds how often somebody does.
func (e *Engine) Subscribe(ctx context.Context, s Subscription) error {
	if err := given(ctx, "subscribe"); err != nil {
		return err
	}
	channel, address, err := e.wanted(&s)
	if err != nil {
		return err
	}
	err = e.Do(ctx, respond.Subscribe{
		Tenant: s.Tenant, Subscriber: e.subscriberID(s.Tenant, s.List, channel, address), List: s.List, Channel: channel, Address: address, Filter: s.Filter,
	})
	var refused *respond.RefusedError
	if errors.As(err, &refused) {
		return &SubscriptionError{refused.Reason}
	}
	return err
}

// wanted returns the channel and the address of a request, or says what is wrong with it.
func (e *Engine) wanted(s *Subscription) (channel, address string, err error) {
	cat := e.catalog.Load()
	switch lists, names := cat.Lists(), cat.PublicNames(); {
	case e.hooks == nil:
		return "", "", errors.New("tocsin: subscribe: Config.Subscribers.Key is not set")
	case !slices.Contains(lists, s.List):
		return "", "", fmt.Errorf("tocsin: subscribe: there is no list %.40q, expected one of %q", s.List, lists)
	case slices.ContainsFunc(s.Filter.Services, func(name string) bool { return !slices.Contains(names, name) }):
		return "", "", &SubscriptionError{fmt.Sprintf("a service is not known, expected some of %q", names)}
	case (s.Mail == "") == (s.Webhook == ""):
		return "", "", &SubscriptionError{"expected an address of mail or a webhook, and not both"}
	case s.Webhook != "":
		u, err := url.Parse(s.Webhook)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || len(s.Webhook) > 1024 {
			return "", "", &SubscriptionError{"the webhook is malformed, expected a URL such as https://shop.example/hook"}
		}
		return comms.SubscriberHooks, u.String(), nil
	}
	a, err := mail.ParseAddress(strings.TrimSpace(s.Mail))
	if err != nil || a.Name != "" || len(a.Address) > mostMail || !utf8.ValidString(a.Address) || strings.ContainsAny(a.Address, " \"[]\r\n") {
		return "", "", &SubscriptionError{"the address of mail is malformed, expected one such as ana@shop.example"}
	}
	return comms.Subscribers, a.Address, nil
}

// subscriberID returns the id of an address in a list, which says nothing of the address to whoever has no key.
func (e *Engine) subscriberID(tenant, list, channel, address string) string {
	if channel == comms.Subscribers {
		address = strings.ToLower(address)
	}
	mac := hmac.New(sha256.New, e.Config.Subscribers.Key)
	for _, part := range []string{"tocsin subscriber", tenant, list, channel, address} {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Confirm reads the last part of a link to confirm, and lets the address get updates. The error is a [*LinkError] if the link is not valid,
// or if the address was asked again later; such links are counted.
func (e *Engine) Confirm(ctx context.Context, token string) (Subscriber, error) {
	if err := given(ctx, "confirm"); err != nil {
		return Subscriber{}, err
	}
	c, err := e.followedBy(ctx, "confirm", func() (acklink.Subscriber, error) { return e.links.ReadConfirm(token, e.now(ctx)) })
	if err != nil {
		return Subscriber{}, err
	}
	err = e.Do(ctx, respond.ConfirmSubscriber{Tenant: c.Tenant, Subscriber: c.ID, Serial: c.Serial})
	var refused *respond.RefusedError
	if errors.As(err, &refused) {
		e.tel.Forbade(ctx, "confirm", string(LinkEnded))
		return Subscriber{}, &LinkError{LinkEnded}
	}
	if err != nil {
		return Subscriber{}, err
	}
	key := store.Key{Tenant: c.Tenant, Kind: core.KindSubscriber, ID: c.ID}
	for row, err := range rowsOf[*core.Subscriber](ctx, e, store.Query{Keys: []store.Key{key}}) {
		if err != nil {
			return Subscriber{}, err
		}
		s := subscriber(&row)
		if s.Webhook {
			s.Secret = e.hooks.SecretFor(row.rec.Address)
		}
		return s, nil
	}
	return Subscriber{}, &LinkError{LinkEnded}
}

// Unsubscribe reads the last part of a link to unsubscribe, and ends the updates to its address for ever, unless the address confirms
// anew. The address is forgotten; a hash of it is kept. Repeats change nothing. Such a link never expires. The error is a [*LinkError] if
// the link is not valid; such links are counted.
func (e *Engine) Unsubscribe(ctx context.Context, token string) error {
	if err := given(ctx, "unsubscribe"); err != nil {
		return err
	}
	c, err := e.followedBy(ctx, "unsubscribe", func() (acklink.Subscriber, error) { return e.links.ReadUnsubscribe(token) })
	if err != nil {
		return err
	}
	return e.Do(ctx, respond.Unsubscribe{Tenant: c.Tenant, Subscriber: c.ID})
}

// followedBy reads a link of a subscriber, and counts those that are not valid.
func (e *Engine) followedBy(ctx context.Context, what string, read func() (acklink.Subscriber, error)) (acklink.Subscriber, error) {
	fault := LinkForeign
	if e.hooks != nil {
		c, err := read()
		if err == nil {
			return c, nil
		}
		fault = linkFault(err)
	}
	e.tel.Forbade(ctx, what, string(fault))
	return acklink.Subscriber{}, &LinkError{fault}
}

// Subscribers lists who subscribed to a list of a tenant, for operators; an empty list means all lists. Addresses are masked. One that
// cannot be read yields an [*UnreadableError], and the list goes on; an error of the store ends it.
func (e *Engine) Subscribers(ctx context.Context, tenant, list string) iter.Seq2[Subscriber, error] {
	return func(yield func(Subscriber, error) bool) {
		if err := given(ctx, "subscribers"); err != nil {
			yield(Subscriber{}, err)
			return
		}
		for row, err := range rowsOf[*core.Subscriber](ctx, e, store.Query{Tenant: tenant, Kind: core.KindSubscriber}) {
			var s Subscriber
			if err == nil {
				s = subscriber(&row)
			}
			if err == nil && list != "" && s.List != list {
				continue
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// subscriber returns a record as operators see it.
func subscriber(row *found[*core.Subscriber]) Subscriber {
	s := row.rec
	return Subscriber{
		ID: row.Key.ID, List: s.List, Address: masked(s.Channel, s.Address), Webhook: s.Channel == comms.SubscriberHooks, State: string(s.State),
		Filter: s.Filter, Since: s.Since, Ended: s.Ended, Fails: s.Fails, Fault: s.Fault,
	}
}

// masked hides who has an address.
func masked(channel, address string) string {
	if address == "" {
		return ""
	}
	if channel == comms.SubscriberHooks {
		u, err := url.Parse(address)
		if err != nil {
			return "***"
		}
		return u.Scheme + "://" + u.Host + "/***"
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "***"
	}
	first, _ := utf8.DecodeRuneInString(address)
	return string(first) + "***" + address[at:]
}
