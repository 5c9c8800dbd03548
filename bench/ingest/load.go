package main

import (
	"fmt"
	"strconv"
	"time"
)

// shape is one case of the benchmark.
type shape struct{ routes, groups int }

const (
	batchSize = 256       // alerts in one call
	groupWait = time.Hour // before the first message: longer than the benchmark
	lifetime  = time.Hour // of an alert without repeats
)

func serviceName(i int) string { return "s" + strconv.Itoa(i) }

// services returns the services with routes, in the order in which routes are tried.
func (s shape) services() []string {
	names := make([]string, s.routes)
	for i := range names {
		names[i] = serviceName(s.routes - 1 - i)
	}
	return names
}

// alert is one alert. Instances are unique within a run.
type alert struct{ service, instance, summary string }

func (s shape) alert(i int) alert {
	service := serviceName(i % s.groups)
	return alert{service, fmt.Sprintf("host-%06d:9100", i), service + " answers more than 5% of requests with an error"}
}

// labels returns the seven labels of an alert, in a new map as decoding makes.
func labels[K, V ~string](a alert) map[K]V {
	return map[K]V{
		"alertname": "HighErrorRate", "service": V(a.service), "severity": "critical", "instance": V(a.instance),
		"job": "node", "region": "eu-central-1", "cluster": "prod-a",
	}
}
