// Package memory is a Store in the memory of the process, for tests, simulations and trials. Its data is lost when the
// process ends. Otherwise it follows every rule of store.Store.
//
// # Concurrency
//
// One mutex guards the whole store. Update holds it while decide runs, so decide must be short and must not call the
// store. Update reuses the maps of the View: copy data that is needed after decide returns.
//
// # Memory
//
// Records and tasks stay until they are deleted, settled or trimmed. Event ids are kept for 24 hours of Batch.Now, and at
// most a million of them. Trim moves the clock of this window to its instant. The log keeps 64 MiB of rows and drops the
// oldest first. Records' values are stored as they are and must not change later; byte slices are copied in both
// directions.
//
// # Order inside a Batch
//
// Records are written first, then claims are settled, then tags are cancelled, then new tasks join their lanes. So a
// Batch can cancel a task and replace it by a new task with the same tag. The new task may be born leased if the lane is
// empty by then.
//
// # Tasks and the log as records
//
// Read returns a task under Key{tenant of its record, "task", its ID}. Rec is a store.Task. Its Lease is nil while the
// task waits, and otherwise the last lease, even past its end. A dead task has one entry of kind "dead", with the reason
// and the instant. Settle with Retry and the fence of that last lease puts it back at the end of its lane.
//
// A row of the input log has no tenant. Read returns it under Key{"", "log", its number}; Rec is a store.Entry with the
// number, the instant and the document.
//
// # Errors
//
// Conflicts wrap store.ErrConflict and name the record. A Batch that breaks the contract is refused whole; the error
// names the row and the reason. Examples: a task id in use, a claim that is no longer held, a priority of 6. Repeating
// such a call fails again.
package memory
