package tocsin

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// Config configures an [Engine]. It needs a notifier for every channel that the catalog names; all else is optional.
type Config struct {
	// Service is the name of the embedding service. It fills the Source and Intake of events that have none. Defaults to "app".
	Service string
	// Catalog holds the decisions of the organisation. Defaults to a catalog of one team, one plan that sends notices through
	// Notifier, and Classes.
	Catalog *catalog.Catalog
	Classes []event.Class // only without Catalog
	// Notifier sends over the channel "default", Notifiers over the channels of their names.
	Notifier  notify.Notifier
	Notifiers map[string]notify.Notifier
	// Actions are the actions that runbooks call, by name.
	Actions map[string]automate.Action
	// Store keeps the state. Defaults to a memory store, which is lost with the process; New logs a warning then.
	Store store.Store
	// Logger receives the errors and warnings of the engine. Defaults to [slog.DiscardHandler].
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
	minKeep     = 24 * time.Hour
	defaultKeep = 90 * 24 * time.Hour
)

// prepared is a Config with all defaults filled in.
type prepared struct {
	Config
	compiled  *catalog.Compiled
	notifiers map[string]notify.Notifier
}

// prepare fills in the defaults. Its error joins all faults.
func (c *Config) prepare() (*prepared, error) {
	p := &prepared{notifiers: make(map[string]notify.Notifier)}
	if c != nil {
		p.Config = *c
	}
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("tocsin: config: "+format, args...)) }
	if p.Catalog != nil && len(p.Classes) > 0 {
		fault("Classes beside Catalog, expected the classes in the catalog")
	}
	if p.Catalog == nil {
		p.Catalog = catalog.Builtin(p.Classes)
	}
	maps.Copy(p.notifiers, p.Notifiers)
	if p.Notifier != nil {
		if _, ok := p.notifiers[escalate.DefaultChannel]; ok {
			fault("Notifier beside a notifier named %q, expected one of them", escalate.DefaultChannel)
		}
		p.notifiers[escalate.DefaultChannel] = p.Notifier
	}
	for _, name := range slices.Sorted(maps.Keys(p.notifiers)) {
		if p.notifiers[name] == nil {
			fault("notifier %q is nil", name)
		}
	}
	var err error
	if p.compiled, err = p.runnable(p.Catalog.Compile()); err != nil {
		errs = append(errs, err)
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

// runnable refuses a catalog with channels that have no notifier, or runbooks that call a missing action.
func (p *prepared) runnable(compiled *catalog.Compiled, err error) (*catalog.Compiled, error) {
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, channel := range compiled.Channels() {
		if _, ok := p.notifiers[channel]; !ok {
			errs = append(errs, fmt.Errorf("tocsin: config: channel %q has no notifier, expected one in Notifiers%s", channel, hint(channel)))
		}
	}
	for _, action := range compiled.Actions() {
		if p.Actions[action] == nil {
			errs = append(errs, fmt.Errorf("tocsin: config: action %q, which a runbook calls, is missing, expected it in Actions", action))
		}
	}
	return compiled, errors.Join(errs...)
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
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
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
