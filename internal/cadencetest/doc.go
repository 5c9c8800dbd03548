// Package cadencetest judges for tests whether customers were kept waiting in silence. It reads the timeline of an incident and its
// updates, and knows nothing of how an engine decides when an update is due.
package cadencetest
