// Package postgres is a Store for several replicas, in a PostgreSQL database that they share. It follows every rule of
// store.Store. Any replica may write any record. If a replica dies, the others go on with its work when its leases end.
//
//	s, err := postgres.Open(ctx, "postgres://app@db/app")
//	engine, err := tocsin.New(&tocsin.Config{Store: s, ...})
//
// # Guarantees
//
// An acknowledged call was committed with synchronous_commit on, even if the server's default is off. It survives a crash
// of the program or the server, and loss of power unless the server runs with fsync = off. The store decides only on the
// primary. A read-only endpoint refuses every Update.
//
// The store retries deadlocks and serialization failures until ctx ends. While the server is unreachable or read-only, a
// call is tried a few times within about half a second and then fails. The first call after the server is back succeeds,
// on new connections. An error that wraps store.ErrUnknown means that the connection broke during a commit: repeat the
// call with the same event ids.
//
// Instants never come from the database's clock. Real time counts once: the server ends a transaction that is idle for
// five seconds, so that a paused process does not block others by its locks. That process decides again when it resumes.
// decide must therefore return within five seconds.
//
// # Standbys
//
// A standby has every acknowledged commit if the primary waits for it (synchronous replication). Name it in
// synchronous_standby_names, preferably as ANY 1 of two standbys: without any standby nothing is acknowledged. An
// asynchronous standby may lack the last commits. The store's transactions wait for the standby even if
// synchronous_commit is off or local by default; the defaults remote_write and remote_apply are kept. SubmitTx uses the
// application's transaction: leave synchronous_commit on there.
//
// Let the address follow the primary, or name all hosts and ask for the writable one:
//
//	host=a,b dbname=app user=app target_session_attrs=read-write connect_timeout=3
//
// Without target_session_attrs the first host that answers is used. If that is a standby, every Update fails with
// SQLSTATE 25006. After this error the store closes all its connections, so that a proxy can route new ones to the
// primary. It does the same if the server does not answer for 15 s, for example because its machine has died. The call is
// then tried again, or fails with store.ErrUnknown if its commit was running. Open limits each connection attempt to 5 s
// unless the DSN sets connect_timeout. For a pool of your own set connect_timeout and pool_ping_timeout. Fence off the
// old primary before you promote the standby: it must not take writes when it comes back.
//
// While the primary waits for a standby, calls wait too. If ctx ends, or each try has taken 15 s, the call fails with
// store.ErrUnknown, and other calls see its changes before the standby has them. A repeat waits again. An Update that
// changes nothing does not wait.
//
// # Concurrency
//
// An Update takes two round trips: the first locks and reads, the second writes and commits. It locks event ids, then
// records, then tasks, each in ascending order, so that Updates wait for each other but do not deadlock. A Need takes one
// more round trip. If its keys sort after all locked keys they are locked in addition; otherwise everything is locked
// again with the wider scope, also if a key changes from shared to exclusive. The lock on a record also covers its lanes.
// So records whose tasks a Batch adds, cancels or settles are locked too, and decide runs again if they were not in the
// scope. Name them in the scope.
//
// At most two transactions of Updates run at the same time in one process. Updates that arrive meanwhile share the next
// transaction (group commit). Each decides on its own goroutine, one after the other, and sees the changes of those
// before it. So many callers about one incident need as few commits as callers about different ones. An error of one call
// does not affect the others.
//
// Claim takes one round trip, and skips locked tasks (SKIP LOCKED).
//
// # Tables
//
// The tables are in the schema "tocsin": record, ref, entry (timelines), task, seen (event ids), clock, log and version.
// The comments in migrations/1.sql explain the columns. Instants are Unix nanoseconds, from the year 1678 to 2262.
//
// Open and New migrate the tables, one replica at a time. After a migration, programs of the version before still work,
// so that replicas can be replaced one by one. A program refuses tables that are two or more versions ahead of it. It
// reads a record that a newer program wrote as store.Newer, and never overwrites it.
//
// Trim removes event ids that are older than 24 hours, and the oldest beyond a million. Call it regularly. A log row gets
// its number before its commit. A reader that follows the log must therefore look again for lower numbers.
//
// # Events of a transaction
//
// SubmitTx submits events in a transaction of the application: they exist if and only if it commits. They wait as tasks
// of the queue codec.QueueInbox. The engine claims them, and settles each in the Update that applies it.
//
// # Hints and proxies
//
// A commit that leaves work for other replicas sends one NOTIFY on the channel with the schema's name. LISTEN does not
// work behind a proxy that pools transactions. Behind any proxy with a pool of its own, such as PgBouncer, the store does
// not listen, and the engine finds work by polling every second. There the store prepares no statements either. Open sees to
// that; a pool of your own needs default_query_exec_mode=exec, and New refuses one without.
//
// # Testing
//
// Package postgrestest starts a server for a test binary.
package postgres
