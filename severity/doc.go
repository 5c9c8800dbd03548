// Package severity defines four ordered scales: the severity of an alert, the impact and the urgency of an event, and the
// priority of an incident.
//
// The sender states the severity. The organisation decides impact and urgency. A [Matrix] maps impact and urgency to the
// priority, P1 to P5.
package severity
