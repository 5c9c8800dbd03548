// Package oncall implements on-call schedules. A [Schedule] consists of weekly rotations of people and implements
// [escalate.Schedule]. It computes the people on call at any instant directly, without stepping from the start.
//
// # Time
//
// A handoff has the same local time every week, in the zone of the schedule. A shift across the start or end of daylight saving
// time is therefore an hour shorter or longer than a week. If the zone skips the local time of a handoff, the handoff is the
// first instant after the gap. If the zone repeats it, the handoff is the first of the two instants. Each shift ends at the
// instant at which the next starts.
package oncall
