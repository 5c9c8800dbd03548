package telemetry

import "github.com/tocsin-dev/tocsin/incident"

func open(p incident.Phase) bool { return p != incident.Resolved }
