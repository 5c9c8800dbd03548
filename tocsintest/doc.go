// Package tocsintest tests a catalog under go test in virtual time: submit events, let time pass, and say who must have
// heard what. Weeks of escalation take milliseconds, and nothing is sent.
package tocsintest
