// Package intake converts input to events and submits them to the engine. Input comes over HTTP in the formats of other tools,
// and inside the process from log records, panics and errors. An intake makes no decisions about events.
//
// An HTTP endpoint answers 401 unless it is configured with a secret or as open. It answers 2xx only after the events are
// durable. A field that is too long or unreadable is cut or left out; the event is kept. Every loss is reported as a finding. A
// bad event does not affect the other events of its body. For a format that this package does not know, describe the JSON to
// [JSON] with a [Mapping]. [PagerDutyWebhook] takes what people do at PagerDuty, as commands instead of events.
//
// # Limits
//
// An [Endpoint] limits the bytes of a body after decompression, its nesting, the time to read it, and the rate of requests. A
// body with a Content-Length above the limit is refused at once. A compressed body, or a large body of unknown length, is first read
// to its end and kept in compressed form; only then is it decoded. Each endpoint works on a bounded number of bodies at the same
// time, with places for those up to 64 KiB that larger ones do not take. [Server] bounds connections.
//
// # Time
//
// The time of an event is that of its sender. An event whose sender gives none has none. [event.Sender] says what the times of a
// sender mean.
//
// # Concurrency
//
// Everything in this package is safe for concurrent use and starts no goroutines.
package intake
