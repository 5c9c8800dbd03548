// Package automate holds the types for automated responses to an incident: the port [Action], runbooks, and their limits. The steps
// of a runbook call actions, check, ask a person or wait.
//
// The subdirectories have actions for HTTP endpoints and for programs. Package automatetest tests an action against the rules of
// the port.
//
// # Errors
//
// An error of an action is final, since a person decides whether to act again. The exception is an error with a pause, as
// notify.RetryAfter makes it: the engine retries after the pause, until the deadline of the step. The engine stores errors and
// outputs as [Redact] returns them.
package automate
