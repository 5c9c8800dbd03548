// Package meters is a metric.MeterProvider for tests, so that they need no OpenTelemetry SDK. It records integer counters
// and counts histogram records; other instruments do nothing.
package meters
