// Package sim runs a catalog in virtual time, outside go test too: events and commands go in, time is advanced by hand, and
// out comes who would have heard what, when. It drives the very core that the engine drives, with notifiers that answer at
// once.
package sim
