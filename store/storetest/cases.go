package storetest

import "github.com/tocsin-dev/tocsin/store"

// testCase checks one statement of a rule.
type testCase struct {
	rule int
	name string
	why  string                // what goes wrong if a store breaks it
	need func(p *probe) string // names a missing feature, or "" to run; nil: always run
	do   func(p *probe)
	last bool // run only if every other case passed
}

var cases = [...]testCase{
	{
		rule: 1, name: "a-batch-is-committed-whole", do: wholeBatch,
		why: "half a Batch is a page without its incident, or the reverse",
	},
	{
		rule: 1, name: "a-refused-batch-leaves-no-trace", do: refusedBatches,
		why: "half a Batch is a page without its incident, or the reverse",
	},
	{
		rule: 1, name: "an-error-of-decide-commits-nothing", do: decideError,
		why: "the caller counts on the state being as it was",
	},
	{
		rule: 2, name: "another-version-conflicts", do: conflicts,
		why: "a store with weaker locks must fail, not overwrite",
	},
	{
		rule: 3, name: "the-batch-of-the-last-run-counts", do: lastRunCounts,
		why: "an earlier run decided by a view that is out of date",
	},
	{
		rule: 4, name: "a-need-widens-the-view", do: needWidens,
		why: "a decision learns only while it runs which records it must read",
	},
	{
		rule: 4, name: "a-need-of-nothing-new-fails", do: needOfNothing,
		why: "decide would repeat its Need for ever, while it holds locks",
	},
	{
		rule: 5, name: "a-view-holds-its-scope", do: viewHoldsScope,
		why: "a missing key looks like a key outside the scope",
	},
	{
		rule: 6, name: "refs-follow-the-records", do: refsFollow,
		why: "a record that its ref does not find is never promoted, cancelled or recovered",
	},
	{
		rule: 6, name: "a-view-shows-a-thousand-keys-of-a-ref", do: refsBounded,
		why: "one Update must stay bounded",
	},
	{
		rule: 7, name: "no-writer-passes-a-reader", do: readerHolds,
		why: "an alert withheld for a reason that has just ended would never page",
	},
	{
		rule: 7, name: "a-key-read-does-not-change-before-the-commit", do: readersAndWriters,
		why: "an alert withheld for a reason that has just ended would never page",
	},
	{
		rule: 8, name: "due-keys-by-priority-then-due", do: dueOrder,
		why: "after downtime P1 must go first",
	},
	{
		rule: 8, name: "tasks-by-rank-heads-only", do: taskOrder,
		why: "rank is priority with aging, and pages of one incident leave in order",
	},
	{
		rule: 8, name: "a-head-due-later-blocks-no-other-lane", do: rankIsNotDue,
		why: "a page that is due would wait for a page that is not",
	},
	{
		rule: 8, name: "a-hundred-thousand-due-at-once", do: hundredThousand,
		why: "the first claims after downtime meet everything at once",
	},
	{
		rule: 9, name: "max-priority-1-returns-only-p1", do: maxPriority,
		why: "the capacity kept for P1 would be spent on P5",
	},
	{
		rule: 9, name: "no-queue-gives-more-than-allowed", do: queueBound,
		why: "a slow channel would fill the outbox with leases that run out",
	},
	{
		rule: 10, name: "born-leased-waits-for-its-lease-to-end", do: bornLeased,
		why: "the page would be sent twice",
	},
	{
		rule: 10, name: "born-leased-needs-an-empty-lane", do: bornIntoLane,
		why: "it would overtake a page of the same incident",
	},
	{
		rule: 11, name: "fences-only-grow", do: fences,
		why: "the receiver tells a stale sender by its fence",
	},
	{
		rule: 11, name: "no-claim-on-a-removed-task", do: claimsOnGone,
		why: "the outcome of a cancelled send would be recorded",
	},
	{
		rule: 12, name: "a-lease-ends-in-virtual-time", do: leaseEnds,
		why: "the pages that a crashed replica had leased would never be sent",
	},
	{
		rule: 12, name: "a-late-settle-counts-until-taken-over", do: lateSettle,
		why: "a slow send would be repeated without need, or settle another worker's claim",
	},
	{
		rule: 13, name: "cancel-by-tag", do: cancelling,
		why: "a page for a resolved incident would still be sent, or its lane would block",
	},
	{
		rule: 14, name: "retry-moves-the-instant-not-the-position", do: retrying,
		why: "the second page would arrive before the first",
	},
	{
		rule: 14, name: "dead-leaves-its-lane-and-can-come-back", do: dying,
		why: "one bad address would block every task behind it",
	},
	{
		rule: 15, name: "an-event-id-is-seen-for-24-hours", do: seenForADay,
		why: "an event that its sender repeats would be applied twice",
	},
	{
		rule: 15, name: "an-event-id-is-seen-until-a-million-newer-came", do: seenUntilAMillion,
		why: "the window must be bounded, and no shorter than promised",
	},
	{
		rule: 16, name: "trim-takes-ended-rows", do: trimming,
		why: "an open incident would be lost, or the store would grow for ever",
	},
	{
		rule: 16, name: "trim-under-load-takes-nothing-open", do: trimUnderLoad,
		why: "a reopened incident would be lost",
	},
	{
		rule: 17, name: "a-newer-record-keeps-its-document", do: newerKept,
		why: "an older program would drop the fields that it does not know",
	},
	{
		rule: 18, name: "an-unknown-outcome-is-repeated", do: unknownRepeated,
		why: "the event would be lost, or count twice",
	},
	{
		rule: 19, name: "an-error-stays-in-its-own-update", do: neighboursError,
		why: "one bad event would refuse everything that came at the same time",
	},
	{
		rule: 20, name: "an-empty-batch-writes-nothing", do: emptyBatch,
		why: "idle replicas would conflict with busy ones",
	},
	{
		rule: 21, name: "reads-return-the-committed-data", do: fidelity,
		why: "a store must not round a deadline or change a payload",
	},
	{
		rule: 22, name: "read-in-order-and-in-pages", do: readOrder,
		why: "a list that skips an incident hides it",
	},
	{
		rule: 22, name: "a-page-begins-after-a-deleted-row", do: pageBehindGone,
		why: "a list that skips an incident hides it",
	},
	{
		rule: 22, name: "a-timeline-is-in-seq-order", do: timelineOrder,
		why: "a timeline is read from top to bottom",
	},
	{
		rule: 22, name: "a-query-that-selects-nothing-is-refused", do: refusedQueries,
		why: "an empty answer would look like an empty store",
	},
	{
		rule: 23, name: "next-is-the-earliest-instant-for-this-request", do: nextInstant,
		why: "the engine sleeps until then",
	},
	{
		rule: 23, name: "work-left-by-limit-is-due-now", do: limitLeavesBehind,
		why: "the engine would sleep on due work",
	},
	{
		rule: 24, name: "keep-prolongs-held-leases", do: keeping,
		why: "a send that takes longer than a lease would be done twice",
	},
	{
		rule: 25, name: "concurrent-calls", do: concurrentCalls,
		why: "replicas and goroutines do not wait for each other",
	},
	{
		rule: 26, name: "a-context-that-is-done", do: doneContext,
		why: "a caller that has gone would still change the state",
	},
	{
		rule: 26, name: "after-close", do: afterClose,
		why: "a late call would be lost without an error",
	},
	{
		rule: 27, name: "committed-data-survives-reopening", need: needReopen, do: reopening,
		why: "acknowledged data must survive the process",
	},
	{
		rule: 28, name: "the-channel-of-a-waker", need: needWaker, do: waking,
		why: "the engine would spin on a closed channel",
	},
	{
		rule: 30, name: "the-result-of-edit-replaces-the-document", need: needEraser, do: erasing,
		why: "personal data would stay, or other data would be lost",
	},
	{
		rule: 30, name: "an-error-of-edit-ends-an-erase", need: needEraser, do: erasingFails,
		why: "the caller would believe that everything is erased",
	},
	{
		rule: 30, name: "an-erase-beside-other-calls", need: needEraser, do: erasingBeside,
		why: "decisions made meanwhile would be lost, or would restore erased data",
	},
	{
		rule: 31, name: "odd-names-are-kept-or-refused", do: oddNames,
		why: "one odd event would be lost, be taken for another, or stop the store for all",
	},
	{
		rule: 31, name: "odd-texts-are-kept-or-refused", do: oddTexts,
		why: "the reason of a failure would stop the store from learning of it",
	},
	{
		rule: 31, name: "a-refused-name-harms-no-neighbour", do: oddNeighbours,
		why: "one odd event would refuse everything that came at the same time",
	},
	{
		rule: 32, name: "an-unreadable-record-stands-alone", do: unreadableApart,
		why: "one damaged record would hide all others, and stop every page",
	},
	{
		rule: 29, name: "random-histories-agree-with-a-model", do: histories, last: true,
		why: "rules that hold alone may fail together",
	},
}

func needReopen(p *probe) string {
	if p.Reopen == nil {
		return "reopening: Features.Reopen is nil"
	}
	return ""
}

func needEraser(p *probe) string {
	if _, ok := p.s.(store.Eraser); !ok {
		return "erasing: the store is no store.Eraser"
	}
	return ""
}

func needWaker(p *probe) string {
	if _, ok := p.s.(store.Waker); !ok {
		return "hints: the store is no store.Waker"
	}
	return ""
}
