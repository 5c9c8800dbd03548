package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	peer "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/marker"
	matchers "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
)

// theirs is Alertmanager's alert store and dispatcher, without notifications.
type theirs struct {
	shape
	alerts     *mem.Alerts
	dispatcher *dispatch.Dispatcher
	routed     prometheus.Summary // of the dispatcher: counts the alerts in groups
	batch      []*peer.Alert
	began      time.Time // start of the alerts
	taken      uint64
}

func newTheirs(s shape) (engine, error) {
	root, err := s.routing()
	if err != nil {
		return nil, err
	}
	t := &theirs{shape: s, began: time.Now()}
	log, nobody := slog.New(slog.DiscardHandler), eventrecorder.NopRecorder()
	metrics := &registry{Registry: prometheus.NewRegistry()}
	t.alerts, err = mem.NewAlerts(context.Background(), time.Hour, 0, nil, log, nobody, metrics, nil)
	if err != nil {
		return nil, err
	}
	timeout := func(d time.Duration) time.Duration { return d }
	counts := dispatch.NewDispatcherMetrics(false, metrics, nil)
	t.routed = metrics.summary
	t.dispatcher = dispatch.NewDispatcher(
		t.alerts, dispatch.NewRoute(root, nil), silent{}, marker.NewGroupMarker(), timeout, time.Hour, nil, log, nobody, counts, nil,
	)
	go t.dispatcher.Run(time.Now())
	t.dispatcher.WaitForLoading()
	return t, nil
}

// routing returns a default route with one child for each service that has a route.
func (s shape) routing() (*config.Route, error) {
	wait := model.Duration(groupWait)
	root := &config.Route{
		Receiver: "ops", GroupBy: []model.LabelName{"service"}, GroupWait: &wait, GroupInterval: &wait, RepeatInterval: &wait,
	}
	for _, name := range s.services() {
		service, err := matchers.NewMatcher(matchers.MatchEqual, "service", name)
		if err != nil {
			return nil, err
		}
		critical, err := matchers.NewMatcher(matchers.MatchEqual, "severity", "critical")
		if err != nil {
			return nil, err
		}
		root.Routes = append(root.Routes, &config.Route{Receiver: "ops", Matchers: common.Matchers{service, critical}})
	}
	return root, nil
}

// fill implements engine. A repeated alert keeps its start and gets a later end, as Prometheus sends it.
func (t *theirs) fill(numbers []int) {
	now := time.Now()
	t.batch = make([]*peer.Alert, len(numbers))
	for i, n := range numbers {
		a := t.alert(n)
		t.batch[i] = &peer.Alert{UpdatedAt: now, Alert: model.Alert{
			Labels: labels[model.LabelName, model.LabelValue](a), Annotations: model.LabelSet{"summary": model.LabelValue(a.summary)},
			StartsAt: t.began, EndsAt: now.Add(lifetime),
		}}
	}
}

// take implements engine.
func (t *theirs) take(ctx context.Context) error {
	for batch := range slices.Chunk(t.batch, batchSize) {
		if err := t.alerts.Put(ctx, batch...); err != nil {
			return err
		}
	}
	t.taken += uint64(len(t.batch))
	for {
		var m dto.Metric
		if err := t.routed.Write(&m); err != nil {
			return err
		}
		if m.GetSummary().GetSampleCount() == t.taken {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Microsecond):
		}
	}
}

// seen implements engine.
func (t *theirs) seen(ctx context.Context) (alerts, groups int, err error) {
	found, _, err := t.dispatcher.Groups(ctx,
		func(*dispatch.Route) bool { return true }, func(*peer.Alert, time.Time) bool { return true })
	for _, g := range found {
		alerts += len(g.Alerts)
	}
	return alerts, len(found), err
}

// stop implements engine.
func (t *theirs) stop() error {
	t.dispatcher.Stop()
	t.alerts.Close()
	return nil
}

// silent is a notification stage that sends nothing.
type silent struct{}

// Exec implements notify.Stage.
func (silent) Exec(ctx context.Context, _ *slog.Logger, alerts ...*peer.Alert) (context.Context, []*peer.Alert, error) {
	return ctx, alerts, nil
}

// registry keeps only the summary. Gathering all metrics would scan all alerts each time.
type registry struct {
	*prometheus.Registry
	summary prometheus.Summary
}

// MustRegister implements prometheus.Registerer.
func (r *registry) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		if s, ok := c.(prometheus.Summary); ok {
			r.summary = s
		}
	}
	r.Registry.MustRegister(collectors...)
}
