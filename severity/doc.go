// Package severity holds the ordered words that decide how urgent something is: the severity of an alert, the impact and
// urgency of its assessment, and the priority of an incident, which is a matrix of the two.
//
// They are four different words. A sender states the severity; the organisation decides impact and urgency; the priority
// follows and is the only scale of five steps.
package severity
