// Package postgrestest starts PostgreSQL for tests and benchmarks: a cluster of its own on a unix socket, which nobody else
// sees and which is gone afterwards. It needs the programs initdb and postgres on the machine, finds them as pg_config says
// or on the PATH, and does not run them as root. Standbys need pg_basebackup and pg_ctl besides, from the same place.
//
// # Testing
//
// A test binary calls Main from its TestMain, and each test asks for DSN. Where the environment names a server in
// TOCSIN_POSTGRES that one is used, and no cluster is started. Where there is neither, tests are skipped and say so, unless
// TOCSIN_REQUIRE_POSTGRES=1 makes that a failure.
package postgrestest
