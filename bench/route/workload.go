package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// rotation is the number of different events.
const rotation = 256

// workload is the rules and events of a case, the same for every engine.
type workload struct {
	world *world
	rules []rule
	facts []route.Facts // decoded from the texts, so that both inputs are equal
	texts [][]byte
}

// newWorkload makes n rules of m and their events. Equal arguments give equal workloads.
func newWorkload(m *mix, n int) (*workload, error) {
	w := newWorld(m, n)
	l := &workload{world: w, facts: make([]route.Facts, rotation), texts: make([][]byte, rotation)}
	for i := range rotation {
		text, err := json.Marshal(w.event(i))
		if err != nil {
			return nil, err
		}
		e := new(event.Event)
		if err := json.Unmarshal(text, e); err != nil {
			return nil, err
		}
		l.texts[i] = text
		l.facts[i] = route.Facts{
			Event: e, Service: route.Service{Name: e.Labels["service"], Tier: 1 + w.IntN(4), Tags: []string{w.tag(), w.tag(), w.tag()}},
			Team: route.Team{Name: e.Labels["team"]},
		}
	}
	l.rules = w.rules(m.shapes, n)
	return l, nil
}

// world draws the names that events and rules share.
type world struct {
	*rand.Rand
	teams, services int
	hosts           int // number of hosts, and of shards: nearly as many names as rules
	keys, values    int // of additional labels and data; keys is 0 in most mixes
}

func newWorld(m *mix, n int) *world {
	w := &world{
		Rand: rand.New(rand.NewPCG(5, 21)), teams: max(10, n/20), services: max(20, n/5), hosts: max(1000, n),
		keys: m.keys, values: max(5, n/700),
	}
	if m.dense {
		w.teams, w.services = 50, 200
	}
	return w
}

var (
	families = [...]string{"db", "disk", "http", "net", "node", "queue"}
	kinds    = [...]string{"down", "errors", "flap", "full", "lag", "latency", "lost", "restart", "saturation", "slow"}
	regions  = [...]string{"ap-south-1", "ap-east-1", "ca-west-1", "eu-central-1", "eu-west-1", "sa-east-1", "us-east-1", "us-west-2"}
	envs     = [...]string{"dev", "prod", "staging", "test"}
	methods  = [...]string{"GET", "POST", "PUT"}
	statuses = [...]int{200, 201, 204, 304, 404, 500, 502, 503}
	troubles = [...]string{"met a timeout", "was refused", "was reset", "came back empty"}
)

func (w *world) family() string    { return families[w.IntN(len(families))] }
func (w *world) typ() string       { return w.family() + "." + kinds[w.IntN(len(kinds))] }
func (w *world) region() string    { return regions[w.IntN(len(regions))] }
func (w *world) env() string       { return envs[w.IntN(len(envs))] }
func (w *world) team() string      { return fmt.Sprintf("team-%d", w.IntN(w.teams)) }
func (w *world) service() string   { return fmt.Sprintf("svc-%d", w.IntN(w.services)) }
func (w *world) cluster() string   { return fmt.Sprintf("cluster-%02d", w.IntN(40)) }
func (w *world) namespace() string { return fmt.Sprintf("ns-%02d", w.IntN(20)) }
func (w *world) tag() string       { return fmt.Sprintf("tag%d", w.IntN(200)) }
func (w *world) key() string       { return fmt.Sprintf("k%03d", w.IntN(w.keys)) }
func (w *world) value() string     { return fmt.Sprintf("v%d", w.IntN(w.values)) }
func (w *world) dc() int           { return 1 + w.IntN(5) }
func (w *world) host() int         { return w.IntN(w.hosts) }
func (w *world) level() int        { return 1 + w.IntN(int(severity.Critical)) }

// hostName returns the name of a host. Its data centre follows from its number.
func hostName(number int) string {
	return fmt.Sprintf("host-%05d.dc%d.example.net", number, 1+number%5)
}

// shardName returns the name of a shard. The slash at the end keeps one name from being the prefix of another.
func shardName(number int) string { return fmt.Sprintf("shard-%05d/", number) }

// event makes an event of about 770 bytes with nine fields.
func (w *world) event(i int) *event.Event {
	team, service, host := w.team(), w.service(), w.host()
	e := &event.Event{
		ID: fmt.Sprintf("%016x", w.Uint64()), Source: fmt.Sprintf("otel/%s/%s/collector", team, service), Type: w.typ(),
		Subject: hostName(host), Severity: severity.Level(w.level()),
		Time: time.Date(2026, 3, 1, 12, 0, i, 0, time.UTC),
		Labels: map[string]string{
			"service": service, "region": w.region(), "env": w.env(), "cluster": w.cluster(),
			"pod": fmt.Sprintf("%s-%08x", service, w.Uint32()), "namespace": w.namespace(), "team": team,
		},
		Data: w.data(service),
	}
	if w.IntN(10) == 0 {
		delete(e.Labels, "team")
	}
	if w.keys > 0 {
		for range 4 {
			e.Labels[w.key()] = w.value()
		}
		for range 2 {
			e.Data[w.key()] = w.value()
		}
	}
	return e
}

func (w *world) data(service string) map[string]any {
	d := map[string]any{
		"usage": w.Float64() * 100, "duration_ms": w.Float64() * 10_000, "count": w.IntN(1000),
		"message": fmt.Sprintf("call of %s to %s %s after %d of 5 attempts, upstream answered with code=%d, connection %08x stays open",
			service, shardName(w.host()), troubles[w.IntN(len(troubles))], 1+w.IntN(5), w.IntN(100), w.Uint32()),
		"runbook": "https://runbooks.example.net/" + service, "host_ip": fmt.Sprintf("10.%d.%d.%d", w.IntN(256), w.IntN(256), w.IntN(256)),
		"threshold": 90, "window": "5m", "value_str": fmt.Sprintf("%.1f%%", w.Float64()*100),
	}
	if w.IntN(3) > 0 {
		d["http"] = map[string]any{
			"status": statuses[w.IntN(len(statuses))], "path": "/v1/" + service, "method": methods[w.IntN(len(methods))],
		}
	}
	return d
}
