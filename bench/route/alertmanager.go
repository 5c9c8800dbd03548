package main

import (
	"fmt"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/tocsin-dev/tocsin/route"
)

// theirs is a default route of Alertmanager with a child for each rule. Each child has continue set, so that all are
// tried, as All does here.
type theirs struct{ root *dispatch.Route }

func newTheirs(rules []rule) (engine, error) {
	top := &config.Route{Receiver: "ops"}
	for _, r := range rules {
		if r.matchers == "" {
			return nil, errInexpressible
		}
		matchers, err := labels.ParseMatchers(r.matchers)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.matchers, err)
		}
		top.Routes = append(top.Routes, &config.Route{Receiver: "ops", Matchers: common.Matchers(matchers), Continue: true})
	}
	return &theirs{dispatch.NewRoute(top, nil)}, nil
}

// take implements engine.
func (t *theirs) take(f *route.Facts) any {
	set := make(model.LabelSet, len(f.Event.Labels))
	for k, v := range f.Event.Labels {
		set[model.LabelName(k)] = model.LabelValue(v)
	}
	return set
}

// match implements engine. The default route matches only if no other route does.
func (t *theirs) match(of any) (v verdict) {
	for _, r := range t.root.Match(of.(model.LabelSet)) {
		if r != t.root {
			v.matches++
			v.sum += r.Idx // children are numbered before their parent
		}
	}
	return v
}
