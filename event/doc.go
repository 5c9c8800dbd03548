// Package event defines the [Event], one immutable observation, and the [Class], the organisation's decisions about all
// events of one type. Classes inherit by prefix: payments.payout.stuck takes the fields that it leaves empty from payments.*.
//
// # Time
//
// An event has two instants. Time comes from the sender's clock; Received comes from the engine's clock. Deadlines count
// from Received. Time only orders the events of one dedup key.
package event
