// Package memory is the Store that keeps everything in the process: for tests, simulations and throw-away runs. What
// it holds ends with the process; in all else it follows the rules of store.Store to the letter.
//
// # Concurrency
//
// One mutex guards the whole store. Update holds it while decide runs, so decide must be short and must not call the
// store. The View is emptied when decide's Update returns: keep copies of what is needed afterwards.
//
// # Memory
//
// Records and tasks stay until they are deleted, settled or trimmed. Event ids are remembered for 24 hours of
// Batch.Now, at most a million of them; a Trim of an instant tells the store that this instant has come, and lets go of
// ids in the same way. Log rows are kept up to 64 MiB, the oldest go first. Records' values are kept as they are and
// must never change; byte slices are copied on the way in and on the way out.
//
// # Order inside a Batch
//
// Records are written first, then claims are settled, then tags are cancelled, then new tasks join their lanes. So a
// Batch may cancel what a new task with the same tag replaces, and the new one may be born leased in the lane that this
// leaves empty.
//
// # Tasks and the log as records
//
// A task is read under Key{Tenant of its record, "task", its ID}. Rec is a store.Task whose Lease is set while it is
// leased, even past the lease's end, and once it is dead: there it shows the last fence, which a Settle with Retry
// needs to bring it back, at the end of its lane. A dead task has one entry, of kind "dead", with the reason and the
// instant.
//
// A log row belongs to no tenant and is read under Key{"", "log", its number}; Rec is a store.Entry with number,
// instant and document.
//
// # Errors
//
// Conflicts wrap store.ErrConflict and name the record. A Batch that breaks the contract (a task id in use, a claim
// that is not ours, a priority that is none) is refused whole with an error that says why; repeating it cannot help.
package memory
