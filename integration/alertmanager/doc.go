// Package alertmanager holds what a real Alertmanager sends against what people hear. There are only tests here.
//
// They need the program prometheus-alertmanager: from AM_BIN, or else from the PATH. Where there is none they are skipped; with
// TOCSIN_REQUIRE_ALERTMANAGER=1 they fail.
package alertmanager
