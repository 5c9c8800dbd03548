// Package telemetry holds what tocsin says about itself to the SDK of OpenTelemetry and to its exporter for Prometheus: one
// trace from intake to the last message, the metrics of docs/telemetry.md, and the dashboard and alert rules beside them.
// There are only tests here.
package telemetry
