// Package run carries a runbook out. It decides and calls nobody by itself: [Run] is the pure machine of one run, [Ledger]
// counts the runs of one runbook against its limit, and the engine carries out what they ask for.
package run
