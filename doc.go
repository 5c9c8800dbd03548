// Package tocsin embeds incident handling in a Go service: events go in, and what they mean for the business decides who
// is paged, when the next person is asked, and who hears that it is over.
//
// An [Engine] is made from one [Config]. [Engine.Submit] stores events, [Engine.Do] carries out what people decide, and
// [Engine.Run] delivers. What is decided is decided by the pure core in package respond; the engine gives it the time, keeps its
// state in a store and sends its messages.
//
// # Concurrency
//
// Every method of an Engine may be called concurrently. Run is called once at a time.
//
// # Errors
//
// nil from Submit means that every event is stored as durably as the store can. With the memory store, which is the
// default, that is until the process ends.
package tocsin
