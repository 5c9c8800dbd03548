// Package tocsin embeds incident handling in a Go service. The service submits events. Their meaning for the business decides
// who is paged, when the next person is paged, and who hears of the end.
//
// An [Engine] is made from one [Config]. [Engine.Submit] stores events, [Engine.Do] carries out the commands of people, and
// [Engine.Run] delivers messages. A pure core decides; the engine gives it the time, keeps its state in a store and sends its
// messages.
//
// # Concurrency
//
// Every method of an Engine may be called concurrently. Only one Run may be under way at a time.
//
// # Errors
//
// If Submit returns nil, every event is stored as durably as the store can. The default, the memory store, keeps events until
// the process ends.
package tocsin
