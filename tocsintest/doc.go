// Package tocsintest tests a catalog under go test in virtual time: submit events, let time pass, and say who must have
// heard what. Weeks of escalation take milliseconds, and nothing is sent.
//
// A [World] is for tests in Go. A [Story] is a text file of commands, each with the whole transcript of what it brings about:
//
//	The next level fires when the wait of the level has passed unanswered.
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
// The first line is the title: the rule that the story shows, in one sentence. A line that begins with "> " is a command, and the
// lines behind it, up to an empty one, are its transcript. Lines that begin with "# " are comments.
//
// Sections before the first command are files of the catalog. A line such as
//
//	-- plans.yaml --
//
// begins one, which stands in the place of the file of this name in the base catalog, or beside the files there. The section
// "-- quieter: plans.yaml --" is of another catalog, named quieter, which the command reload takes to work: the files with which the
// story began, with those of this name in their places.
//
// A transcript has the new lines of the timelines of each incident, alert and action. Messages stand there when they were sent, or
// failed. Incidents go by the order in which they opened: #1 is the first. So they are written in commands, and so they stand
// wherever their ids would. Offsets are from the beginning of the story.
//
// # The commands
//
//	start 2026-03-28T23:00:00Z
//
// says when the story begins, and stands first. Without it a story begins on Monday, 12 January 2026, at noon UTC.
//
//	trigger CLASS "summary" severity=error labels.merchant=m-42
//	resolve CLASS labels.merchant=m-42
//	acknowledge-signal CLASS labels.merchant=m-42
//	change CLASS "summary"
//
// take in an event with the signal. What follows the class may be left out. The fields are those of [event.Event]: subject,
// severity, labels.NAME, data.NAME, source, dedup-key, stale-after and so on; time=-5m is on the sender's clock, from now. With
// times=15 the event is taken in so many times.
//
//	pass 5m
//
// lets time pass.
//
//	do acknowledge #1 by=ana via=slack
//
// carries out a command of package [respond]; its name and its fields are those of Go, in lower case with dashes: start-run,
// dry-run=true. A position is as-of=1.2, that is round 1, level 2. The n-th dead letter of the story is letter=n. If the command is
// refused the transcript says why.
//
//	reload quieter
//
// puts another catalog in the place of the one at work.
//
//	fail slack "410 gone" permanent=true
//	mend slack
//
// let the messages over a channel fail from now on, and be sent again. The error is passing without permanent=true;
// retry-after=5m is the pause that it asks for.
//
//	action restart "restarted it"
//	action restart verify error="1 of 3 ready"
//
// say what an action of runbooks answers from now on, in the phase run or another one, and let transcripts show the calls of
// the action. Errors are as those of channels. An action of which a story does not speak succeeds and says nothing.
//
//	show #1
//	show app/payments.payout.stuck/m-42
//
// print how an incident or an alert stands.
package tocsintest
