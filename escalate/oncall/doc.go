// Package oncall says who is on call when: a [Schedule] of weekly rotations over people, each shift ending where the next
// begins. It is an [escalate.Schedule] and computes any instant directly, however far from the start.
//
// # Time
//
// A handoff keeps its wall clock in the zone of the schedule, so a shift across a change of the clock lasts an hour more or
// less than a week. A wall clock that the zone skips that week means the first instant after the gap; one that it shows
// twice means the first of the two. A handoff is one instant, end of one shift and start of the next, so shifts leave no
// gap and do not overlap.
package oncall
