// Package telemetry turns committed decisions into spans and metrics over the OpenTelemetry API. It reads the words of timeline entries,
// never their texts, and knows no engine. docs/telemetry.md lists the names.
package telemetry
