// Package spans holds the helpers that all tracing code of tocsin shares: traceparent texts (W3C Trace Context), links,
// and the intake format of events. An incident keeps a traceparent, so its trace runs from intake to its last message.
package spans
