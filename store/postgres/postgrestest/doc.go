// Package postgrestest starts PostgreSQL servers for tests and benchmarks. Each server has its own cluster and a unix
// socket, and is removed afterwards. It needs the programs initdb and postgres, found by pg_config, in
// /usr/lib/postgresql or on the PATH; they do not run as root. Standbys also need pg_basebackup and pg_ctl, from the same
// folder.
//
// # Testing
//
// A test binary calls Main from its TestMain, and each test calls DSN. If the environment variable TOCSIN_POSTGRES names
// a server, the tests use that server and none is started. Without any server the tests are skipped with a message; with
// TOCSIN_REQUIRE_POSTGRES=1 they fail.
package postgrestest
