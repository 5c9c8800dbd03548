package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/acklink"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Config configures an [Engine]. It needs a notifier for every channel that the catalog names; all else is optional.
type Config struct {
	// Service is the name of the embedding service. It fills the Source and Intake of events that have none. Defaults to "app". It has
	// at most 255 bytes.
	Service string
	// Catalog holds the decisions of the organisation. Defaults to a catalog of one team, one plan that sends notices through
	// Notifier, and Classes.
	Catalog *catalog.Catalog
	// Classes are the classes of the events that the program submits. Without Catalog they say everything about these events.
	// Beside Catalog only their names count: New and Reload refuse a class that the catalog does not name.
	Classes []event.Class
	// Strict makes New and Reload refuse a Catalog about which [catalog.Catalog.Vet] has findings for the next four weeks.
	Strict bool
	// Notifier sends over the channel "default", Notifiers over the channels of their names. A notifier may have a method
	// Check() error, which New calls. Check looks at the notifier's configuration, such as a missing URL, and does no I/O.
	Notifier  notify.Notifier
	Notifiers map[string]notify.Notifier
	// Actions are the actions that runbooks call, by name.
	Actions map[string]automate.Action
	// Store keeps the state. Defaults to a memory store, which is lost with the process; New logs a warning then.
	Store store.Store
	// DeadMan tells a service outside that the engine works. Defaults to none.
	DeadMan DeadMan
	// PublicURL is where people reach the pages of package status, such as https://bell.example. With it a page to a person has a link to
	// acknowledge, and other messages about an incident have one to its page, which needs a login; people can share a capability by a link
	// without a login. It needs LinkKeys. Defaults to none: there are no such links.
	PublicURL string
	// LinkKeys sign the links to acknowledge and to share: one key of at least 32 random bytes, the same in all replicas, or two while one
	// replaces the other. The first signs, both verify. Keep the key before for 24 hours, as long as links to acknowledge live; share links
	// that it signed end with it.
	LinkKeys [][]byte
	// Subscribers lets people and machines subscribe to updates for customers. It needs PublicURL and LinkKeys. An audience with a channel
	// subscribers:LIST needs it, and a notifier named subscribers that sends mails. Defaults to none: nobody can subscribe.
	Subscribers Subscribers
	// Authorize decides who may give which command, for [Engine.DoAs]. An error refuses. It sees the command as it would be carried out;
	// call [respond.May] in it to add to the defaults. It may be called concurrently. Defaults to [respond.May]. [Engine.Do] does not ask.
	Authorize func(context.Context, respond.Viewer, respond.Command, respond.About) error
	// Logger receives the errors and warnings of the engine. Defaults to [slog.Default] at the time of each record.
	Logger *slog.Logger
	// StopWithin bounds how long Run delivers after its context has ended. Defaults to 10 seconds.
	StopWithin time.Duration
	// Keep is the retention of resolved incidents, ended alerts, changes, dead letters and the input log. Defaults to 90 days;
	// the minimum is one day.
	Keep time.Duration
	// MeterProvider and TracerProvider receive metrics and traces; docs/telemetry.md lists the names. They default to the global
	// providers of OpenTelemetry, which do nothing until an SDK is installed.
	MeterProvider  metric.MeterProvider
	TracerProvider trace.TracerProvider
}

const (
	maxService  = 255 // bytes, as of Source and Intake
	minKeep     = 24 * time.Hour
	defaultKeep = 90 * 24 * time.Hour
	vetAhead    = 28 * 24 * time.Hour // the span for which Strict vets a catalog
)

// prepared is a Config with all defaults filled in.
type prepared struct {
	Config
	compiled  *catalog.Compiled
	notifiers map[string]notify.Notifier
	links     *acklink.Links // nil: messages have none
	hooks     *webhook.Each  // calls the webhooks of subscribers; nil: nobody can subscribe
}

// prepare fills in the defaults. Its error joins all faults.
func (c *Config) prepare() (*prepared, error) {
	p := &prepared{notifiers: make(map[string]notify.Notifier)}
	if c != nil {
		p.Config = *c
	}
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("tocsin: config: "+format, args...)) }
	own := p.Catalog != nil
	if !own {
		p.Catalog = catalog.Builtin(p.Classes)
	}
	if p.Strict && !own {
		fault("Strict without Catalog, expected a catalog to vet")
	}
	compiled, err := p.Catalog.Compile()
	maps.Copy(p.notifiers, p.Notifiers)
	if p.Notifier != nil {
		switch _, twice := p.notifiers[escalate.DefaultChannel]; {
		case twice:
			fault("Notifier beside a notifier named %q, expected one of them", escalate.DefaultChannel)
		case own && err == nil && !slices.Contains(compiled.Channels(), escalate.DefaultChannel):
			fault("Notifier sends over the channel %[1]q, which Catalog does not name, expected Notifiers, or the target channel:%[1]s in a level",
				escalate.DefaultChannel)
		}
		p.notifiers[escalate.DefaultChannel] = p.Notifier
	}
	errs = append(errs, p.usable()...)
	if err == nil {
		err = p.runnable(compiled)
	}
	if err == nil && own {
		err = p.vetted(p.Catalog)
	}
	if err != nil {
		errs = append(errs, err)
	}
	p.compiled = compiled
	errs = append(errs, p.linked()...)
	if err := event.CheckText(p.Service, maxService); err != nil { // it fills fields of events
		fault("Service: %w", err)
	}
	if p.StopWithin < 0 {
		fault("StopWithin %v, expected no negative duration", p.StopWithin)
	}
	if p.Keep != 0 && p.Keep < minKeep {
		fault("Keep %v, expected at least %v", p.Keep, minKeep)
	}
	p.fill()
	return p, errors.Join(errs...)
}

// usable returns the faults of the plug-ins: those that are nil, and notifiers whose Check fails.
func (p *prepared) usable() []error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("tocsin: config: "+format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(p.notifiers)) {
		n, where := p.notifiers[name], fmt.Sprintf("notifier %q", name)
		if name == escalate.DefaultChannel && p.Notifier != nil {
			where = "Notifier"
		}
		if isNil(n) {
			fault("%s is nil, expected a notifier", where)
		} else if n, ok := n.(interface{ Check() error }); ok {
			if err := guarded(n.Check); err != nil {
				fault("%s: %w", where, err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Actions)) {
		if isNil(p.Actions[name]) {
			fault("action %q is nil, expected an action", name)
		}
	}
	for _, optional := range []struct {
		name, expected string
		plugin         any
	}{
		{"Store", "a store, or no Store for one in memory", p.Store},
		{"MeterProvider", "a provider, or no MeterProvider for the global one", p.MeterProvider},
		{"TracerProvider", "a provider, or no TracerProvider for the global one", p.TracerProvider},
	} {
		if optional.plugin != nil && isNil(optional.plugin) {
			fault("%s is a nil %T, expected %s", optional.name, optional.plugin, optional.expected)
		}
	}
	if p.Logger != nil && p.Logger.Handler() == nil {
		fault("Logger has no handler, expected a logger of slog.New, or no Logger for the default one")
	}
	if err := p.DeadMan.check(); err != nil {
		fault("DeadMan: %w", err)
	}
	return errs
}

// Subscribers configures the subscribers of updates.
type Subscribers struct {
	// Key is at least 32 random bytes, the same in all replicas and for ever. Addresses that have unsubscribed are known by a hash with it,
	// links to unsubscribe are signed with it, and so are webhooks: with another key, nobody is known to have unsubscribed.
	Key []byte
	// PublicURL is where people reach the pages of package status for subscribers. Defaults to Config.PublicURL.
	PublicURL string
	// Client calls the webhooks of subscribers. Defaults to that of [webhook.Each], which connects to public addresses only.
	Client *http.Client
}

// linked prepares the links, and returns the faults of PublicURL and LinkKeys.
func (p *prepared) linked() []error {
	if p.PublicURL == "" && len(p.LinkKeys) == 0 {
		if len(p.Subscribers.Key) > 0 {
			return []error{errors.New("tocsin: config: Subscribers.Key without PublicURL and LinkKeys, expected all three")}
		}
		return nil
	}
	var errs []error
	if err := acklink.CheckURL(p.PublicURL); err != nil {
		errs = append(errs, fmt.Errorf("tocsin: config: PublicURL: %w", err))
	}
	if err := acklink.CheckKeys(p.LinkKeys); err != nil {
		errs = append(errs, fmt.Errorf("tocsin: config: LinkKeys: %w", err))
	}
	if len(errs) > 0 {
		return errs
	}
	p.links = acklink.New(p.PublicURL, p.LinkKeys)
	return p.subscribed()
}

// subscribed prepares the links of subscribers and the notifier for their webhooks, and returns the faults of Subscribers.
func (p *prepared) subscribed() []error {
	if len(p.Subscribers.Key) == 0 {
		return nil
	}
	public := cmp.Or(p.Subscribers.PublicURL, p.PublicURL)
	if err := acklink.CheckURL(public); err != nil {
		return []error{fmt.Errorf("tocsin: config: Subscribers.PublicURL: %w", err)}
	}
	if err := acklink.CheckKeys([][]byte{p.Subscribers.Key}); err != nil {
		return []error{fmt.Errorf("tocsin: config: Subscribers.Key: %w", err)}
	}
	if p.notifiers[comms.SubscriberHooks] != nil {
		return []error{fmt.Errorf("tocsin: config: a notifier named %q, expected none: Subscribers makes it", comms.SubscriberHooks)}
	}
	p.links.Subscribers(public, p.Subscribers.Key)
	p.hooks = &webhook.Each{Key: notify.NewSecret(string(p.Subscribers.Key)), Client: p.Subscribers.Client}
	p.notifiers[comms.SubscriberHooks] = p.hooks
	return nil
}

// vetted refuses a catalog with findings if the Config is strict.
func (p *prepared) vetted(c *catalog.Catalog) error {
	if !p.Strict {
		return nil
	}
	now := time.Now()
	var errs []error
	for _, f := range c.Vet(now, now.Add(vetAhead)) {
		errs = append(errs, fmt.Errorf("tocsin: config: Strict: %v", f))
	}
	return errors.Join(errs...)
}

// runnable refuses a catalog with channels that have no notifier, with runbooks that call a missing action, or without a class
// that the program uses.
func (p *prepared) runnable(compiled *catalog.Compiled) error {
	var errs []error
	for _, channel := range compiled.Channels() {
		if _, ok := p.notifiers[channel]; !ok {
			errs = append(errs, fmt.Errorf("tocsin: config: channel %q has no notifier, expected one in Notifiers%s", channel, hint(channel)))
		}
	}
	if lists := compiled.Lists(); len(lists) > 0 && (len(p.Subscribers.Key) == 0 || p.PublicURL == "") {
		errs = append(errs, fmt.Errorf("tocsin: config: subscribers of %q need Subscribers.Key, PublicURL and LinkKeys, expected all three", lists[0]))
	}
	for _, action := range compiled.Actions() {
		if _, ok := p.Actions[action]; !ok {
			errs = append(errs, fmt.Errorf("tocsin: config: action %q, which a runbook calls, is missing, expected it in Actions", action))
		}
	}
	for _, class := range p.Classes {
		if err := compiled.Names(class.Name); err != nil {
			errs = append(errs, fmt.Errorf("tocsin: config: Classes: %w", err))
		}
	}
	return errors.Join(errs...)
}

func hint(channel string) string {
	if channel == escalate.DefaultChannel {
		return ", or Notifier"
	}
	return ""
}

func (p *prepared) fill() {
	if p.Service == "" {
		p.Service = "app"
	}
	if p.StopWithin == 0 {
		p.StopWithin = 10 * time.Second
	}
	if p.Keep == 0 {
		p.Keep = defaultKeep
	}
	if p.MeterProvider == nil {
		p.MeterProvider = otel.GetMeterProvider()
	}
	if p.TracerProvider == nil {
		p.TracerProvider = otel.GetTracerProvider()
	}
}
