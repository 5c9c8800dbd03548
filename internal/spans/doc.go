// Package spans is what every part of tocsin that makes spans shares: traceparents as text, and the format in which an event
// came in. A trace runs from intake to the last message of an incident by the traceparent that the incident keeps.
package spans
