// Package sqlite is a Store in one SQLite file, for one process. The quickstart, the command and services with one
// replica use it. A nil error means that the change survives a crash of the process or the machine, including loss of
// power; no option weakens this. [Open] takes a path and uses the driver modernc.org/sqlite, which needs no cgo. [New]
// takes a database opened with another driver.
//
// # Files
//
// While the store is open, these files stand beside the database: -wal and -shm of SQLite; -lock, which names the process
// that has it open; and -reserve, 4 MiB to be freed when the disk is full. A second process that opens the store gets an
// error. The sqlite3 program may read the file, but no transaction of it should stay open: the -wal file grows until the
// transaction ends, and the store warns from 64 MiB on. The file must be on a local disk, since file locks on network file
// systems are not reliable. Copy a store with [Store.Backup]; a plain copy of the file while the store is open may be
// damaged.
//
// Only the owner may read a new file, and its backups. A file with a second name (a hard link) is refused. If the file or its -wal is
// removed or replaced while the store is open, the next commit fails and so does the store.
//
// # Concurrency
//
// Calls that change state run one after the other, in the order of their arrival. Each runs decide on its caller's
// goroutine. Calls that arrive during a commit share the next commit, up to 1,000 rows: with 64 callers one fsync serves
// dozens of calls, and no call waits for a commit to fill up. An error of one call does not affect the others. A call
// returns only when everything it has seen is durable. Read uses other connections, runs beside the writer, and sees
// committed data.
//
// # Errors
//
// After an error of a write or a sync the store fails: that call and every later call return the error, until the file is
// opened again. The error wraps [store.ErrUnknown] if the commit itself failed. The store does not retry, since it cannot
// know what the disk holds; opening the file restores every acknowledged commit. Two errors are temporary: another
// program has locked the file for more than five seconds, and a full disk.
//
// When the disk is full, the store frees the reserve file and uses its space. Work on stored records goes on: tasks are
// claimed and settled, escalations run, and commands are carried out, up to a quarter of the reserve. Updates that create
// records fail. The store accepts them again, without a restart, once the disk has space.
//
// Every row has a checksum, which is verified when the row is read. Damage is an error that names the row. [Store.Check]
// reads the whole file, and also finds rows that an index has lost.
//
// # Records
//
// A codec writes records as documents, each with a schema number. The default is [codec.New]. A document of a newer
// program is read as [store.Newer] and never overwritten. Up to 64 MiB of documents are cached in decoded form.
package sqlite
