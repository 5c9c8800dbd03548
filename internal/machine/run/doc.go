// Package run decides how runbooks run. [Run] is the state machine of one run, and [Ledger] counts the runs of one runbook against its
// limit. Both are pure; the caller carries out the outputs.
package run
