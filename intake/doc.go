// Package intake is where events come in: over HTTP in the formats that other tools send, and in the process from log
// records and panics. Every way in turns what it gets into events and hands them to the engine; it decides nothing.
//
// HTTP endpoints are closed unless configured open, bound everything they read, and answer 2xx only after the events are
// durable. What cannot be used is counted and becomes a finding; one bad alert never takes its neighbours with it.
//
// # Concurrency
//
// Everything here is safe for concurrent use and starts no goroutines.
package intake
