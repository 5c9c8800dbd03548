// Package sqlite is the Store that keeps everything in one SQLite file, for one process: what the quickstart, the command and
// a service with one replica use. An answer without an error means that the change survives a crash of the process and of the
// machine, power included; there is no option for less. [Open] takes a path and brings the driver modernc.org/sqlite, which
// needs no cgo; [New] takes a database that was opened with any other.
//
// # Files
//
// Beside the file stand, while it is open, those of SQLite (-wal and -shm), -lock, which names the process that has it open,
// and -reserve, 4 MiB that are given up when the disk is full. A second process that opens the file is refused; reading it
// with the sqlite3 program is fine. The file must be on a local disk: locks over a network do not hold. A copy is made with
// [Store.Backup], never by copying the file of a store at work.
//
// # Concurrency
//
// Calls that change something take turns in the order in which they came, and each runs its decide on its own goroutine.
// Those that came while a commit was under way share the next one, up to 1,000 rows: with 64 callers one fsync serves dozens,
// and nobody waits for a commit to fill. An error of one leaves the others alone. A call that is answered has seen only what
// is durable. Read runs beside the writer, on other connections, and sees what is committed.
//
// # Errors
//
// An error of writing or syncing ends the store's service: the call fails, with [store.ErrUnknown] if it was the commit
// itself, and so does every later one, and says why, until the file is opened anew, which brings back all that was answered.
// Nothing is tried again over a file of which nobody knows what the disk holds. Two errors pass: a file that another program
// has locked for more than five seconds, and a full disk.
//
// While the disk is full, what brings in something new is refused, and what is stored goes on in the room that the reserve
// left: tasks are claimed and settled, escalations take place, commands are carried out, which have a quarter of it. New things
// are taken in again once there is room, without a restart.
//
// Every row has a checksum, which is verified when it is read: damage is an error that names the row, never another value.
// [Store.Check] reads the whole file and also finds what an index has lost.
//
// # Records
//
// Records are written as documents by a codec, [respond.Codec] unless told otherwise, with a schema number beside them. One
// of a newer program reads as [store.Newer] and is never written. Up to 64 MiB of documents are kept decoded.
package sqlite
