// Package intake is where events come in: over HTTP in the formats that other tools send, and in the process from log
// records and panics. Every way in turns what it gets into events and hands them to the engine; it decides nothing.
//
// HTTP endpoints are closed unless configured open, bound everything they read, and answer 2xx only after the events are
// durable. What cannot be used is counted and becomes a finding; one bad event never takes its neighbours with it. A sender
// without a format of its own here is described to [JSON] by a [Mapping].
//
// # Limits
//
// An [Endpoint] bounds the bytes of a body, counted after decompression, its nesting, the time that it may take to come, and
// the rate of requests. A body that is too large is refused before it takes memory: by its length, or, where it does not tell
// or is compressed, after it was read to its end in compressed form.
//
// # Concurrency
//
// Everything here is safe for concurrent use and starts no goroutines.
package intake
