// Package tocsintest tests a catalog under go test in virtual time. A test submits events, lets time pass, and states the messages
// that must have been sent. Weeks of escalation take milliseconds, and nothing is really sent.
//
// A [World] is for tests in Go. Its method Route takes a body as a sender sends it, through the intake of the service. A [Story] is a text
// file of commands. Each command has a transcript of all its effects:
//
//	The next level fires when the wait of the level has passed without an acknowledgement.
//
//	> trigger payments.payout.stuck "payout waits" labels.merchant=m-42
//	alert app/payments.payout.stuck/m-42
//	  +0s  opened  critical "payout waits"  by app
//	#1
//	  +0s  opened  P1 = impact high (checkout, tier 1) × urgency high (critical)  class payments.payout.stuck  owner payments  "payout waits"  by app
//	  +0s  level 1  pages ana
//	  +0s  page  level 1  ana  slack
//
//	> pass 4m59s
//	(nothing)
//
//	> pass 1s
//	#1
//	  +5m  level 2  pages ben
//	  +5m  page  level 2  ben  slack
//
//	> pass 10m
//	#1
//	  +15m  level 1  pages ana  round 2
//	  +15m  page  level 1  ana  slack
//
// # The form of stories
//
// The first line is the title. It states in one sentence the rule that the story shows. A line that begins with "> " is a command.
// The lines after it, up to an empty line, are its transcript. Lines that begin with "# " are comments.
//
// Sections before the first command are files of the catalog. A line such as
//
//	-- plans.yaml --
//
// begins a section. It replaces the file of this name in the base catalog, or adds a file. The section "-- quieter: plans.yaml --"
// belongs to a second catalog, named quieter, for the command reload. That catalog has the files of the first one, with the files of
// its own sections replaced or added.
//
// A transcript has the new timeline entries of each incident, alert and action. Messages appear when they were sent or have
// failed. Incidents are numbered in the order in which they opened, from #1; commands and transcripts use these numbers instead of
// ids. Offsets count from the beginning of the story.
//
// # The commands
//
//	start 2026-03-28T23:00:00Z
//
// sets the instant at which the story begins. It must be the first command. Without it a story begins on Monday, 12 January 2026,
// at noon UTC.
//
//	trigger CLASS "summary" severity=error labels.merchant=m-42
//	resolve CLASS labels.merchant=m-42
//	acknowledge-signal CLASS labels.merchant=m-42
//	change CLASS "summary"
//
// submit an event with the signal. Everything after the class is optional. The fields are those of [event.Event]: subject,
// severity, labels.NAME, data.NAME, source, dedup-key, stale-after and so on. time=-5m is the sender's time, relative to now.
// times=15 submits the event 15 times.
//
//	pass 5m
//
// lets time pass.
//
//	do acknowledge #1 by=ana via=slack
//
// carries out a command of package [respond]. Its name and fields are those of the Go type, in lower case with dashes: start-run,
// dry-run=true. as-of=1.2 is the position round 1, level 2. letter=2 is the second dead letter that the simulation lists. If the
// command is refused, the transcript has the reason.
//
//	reload quieter
//
// replaces the catalog.
//
//	fail slack "410 gone" permanent=true
//	mend slack
//
// make the messages over a channel fail from now on, and succeed again. permanent=true makes the error permanent; without it
// the message is retried. retry-after=5m sets the pause before the retry.
//
//	action restart "restarted it"
//	action restart verify error="1 of 3 ready"
//
// set the answer of an action to all further calls, in the phase run or the named phase. Transcripts show the calls of the action
// from then on. Errors take the same arguments as for fail. Every other action succeeds without output.
//
//	show #1
//	show app/payments.payout.stuck/m-42
//
// print the state of an incident or an alert.
package tocsintest
