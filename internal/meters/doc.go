// Package meters records what code counts through the metric API of OpenTelemetry, so that tests need no SDK. Only
// integer counters are recorded; every other instrument does nothing.
package meters
