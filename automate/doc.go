// Package automate holds what code does about an incident: the port [Action], the runbooks whose steps act, check, ask a
// person or wait, and the limits that bound them.
//
// Actions for HTTP endpoints and for programs stand beneath this package, and package automatetest holds an action of one's
// own to the rules.
//
// # Errors
//
// An action's error is final, since to act again after a failure is for people to decide. One that names a pause, as
// notify.RetryAfter does, is tried again after it, until the deadline of the step has passed. What of errors and outputs is
// kept goes through [Redact].
package automate
