// Package postgres is the Store for several replicas: it keeps everything in a PostgreSQL database that they share, and
// follows the rules of store.Store to the letter. Any replica may write any record; who dies leaves nothing behind that
// another could not go on with.
//
//	s, err := postgres.Open(ctx, "postgres://app@db/app")
//	engine, err := tocsin.New(&tocsin.Config{Store: s, ...})
//
// # Guarantees
//
// What a call has acknowledged was committed with synchronous_commit on, whatever the default is for others; it survives a
// kill of the program, of the server, and a loss of power, if the server itself was not told to skip fsync. The store decides on
// the primary only. Never point it at an end point for readers: it would be refused there.
//
// Deadlocks and serialization failures are repeated and never surface. While the server cannot be reached, or has become
// read-only, a call is tried a few times within about half a second and then fails; the first call after the server is back
// succeeds, over connections made anew. An error that wraps store.ErrUnknown says that the connection broke while a commit
// was under way: repeat it with the same event ids.
//
// No instant comes from the database's clock. Real time counts in one place: a transaction of a process that stands still
// for five seconds is ended by the server, so that nobody waits for its locks; the process decides again when it wakes up. So
// decide must take less than that.
//
// # Standbys
//
// A standby that takes over has all that was acknowledged if the primary waits for it: name it in synchronous_standby_names,
// better as ANY 1 of two, since nothing is acknowledged while none is there. An asynchronous one loses the tail. The store's own
// transactions wait even where synchronous_commit is off or local by default, and as long as it says where it is remote_write or
// remote_apply. With SubmitTx it is the application's transaction that commits: leave it on there.
//
// Let the address follow the primary, or name all hosts and ask for the one that takes writes:
//
//	host=a,b dbname=app user=app target_session_attrs=read-write connect_timeout=3
//
// Without target_session_attrs the first host that answers is taken, a standby too, and every Update fails there with SQLSTATE
// 25006. Such a refusal closes all connections, so that a proxy may lead the next ones elsewhere. So does a server that says no
// word for 15 s, as one whose machine has died; the call is tried again, or fails with store.ErrUnknown if its commit was under
// way. Open bounds each attempt to connect by 5 s unless the DSN names a connect_timeout; a pool of your own needs that, and a
// pool_ping_timeout. Fence off the old primary before the standby is promoted: it must not take writes when it comes back.
//
// While a primary waits for a standby, so do the calls. If the context of one ends, or 15 s pass at each of its tries, it fails
// with store.ErrUnknown, and others see what it has decided before the standby has it. To repeat it waits again; an Update that
// changes nothing does not wait.
//
// # Concurrency
//
// An Update is two trips to the server: the first locks and reads, the second writes and commits. It locks event ids, then
// records, then tasks, each in ascending order, so Updates wait for each other and do not deadlock. A Need costs one more trip:
// what comes behind all that is locked is locked in addition, else all is locked anew with the wider scope. So is a record that
// was locked in share and is wanted for writing. The lock on a record is that on its lanes too; records of tasks that are
// added, cancelled or settled are locked even where no scope names them, which makes decide run once more. Name them in the
// scope.
//
// Updates that come while two transactions are under way wait, and share the next one: each decides on its own goroutine, one
// after the other, about what those before it have left, and one commit serves all. Many callers about one incident cost as few
// commits as many about different ones. An error of one leaves the others alone.
//
// Claim takes what nobody has locked (SKIP LOCKED), in one trip.
//
// # Tables
//
// They lie in the schema "tocsin": record, ref, entry (timelines), task, seen (event ids), clock, log and version. The comments
// in migrations/1.sql say what a row means. Instants are nanoseconds since 1970, from 1678 to 2262.
//
// Opening a store migrates the tables, one replica at a time. A step leaves them fit for programs of the version before, so
// replicas can be replaced one by one; a program refuses tables that are two versions ahead of it. A record whose document a
// newer program wrote is read as store.Newer and never written over.
//
// Event ids leave with Trim: those of before the window's 24 hours, and beyond a million the oldest. So call Trim now and then.
// A number of the log is given before its commit: who follows the log while others write must look again for lower ones.
//
// # Events of a transaction
//
// SubmitTx submits events within a transaction of the application: they exist if and only if it commits. They wait as tasks
// of the queue respond.QueueInbox; the engine takes them when it looks, and settles each in the Update that applies it.
//
// # Hints and proxies
//
// A commit that leaves work for others notifies the channel of the schema's name once. Where LISTEN does not work, behind a
// proxy that pools transactions, polling alone is enough; there add default_query_exec_mode=exec to the DSN.
//
// # Testing
//
// Package postgrestest starts a server for a test binary.
package postgres
