// Package archtest holds the architecture of this repository as an ordinary Go test. Nothing imports it and it exports
// nothing. Each rule is a function over one package, named in archtest_test.go:
//
//   - layers: every package has a layer, and imports go downwards. Imports inside a layer are listed one by one. An internal
//     package serves its own module, and the modules that are not released.
//   - purity: the layers that decide read no clock, start no timer or goroutine, draw no luck and do no I/O.
//   - pkgdoc: every package has a comment in doc.go, and every exported name has one.
//   - example: every public package has an Example that runs.
//   - engine-only-route: only route evaluates CEL and regular expressions.
//   - thirdparty: the core module imports the foreign packages that are listed, from where they are listed.
//   - table-hidden: route.Table shows in no exported signature outside route.
//   - parts: each part of internal/core is one file, and no other file names its functions.
//   - nothing-parsed: the core, its machines, the telemetry and the engine take no text apart, but for listed forms that
//     people write.
//   - exported: the packages that users meet export few types and functions.
//   - stories: the tests of tocsintest compare whole transcripts, and few pieces of text.
//
// Beside the rules, go test -v prints how much each public package exports, how many pieces of text tocsintest compares, and
// how many lines the core, its parts and its neighbours have.
//
// The tables that a new package, a new dependency or an exception has to be entered in stand in tables_test.go. testdata holds
// one tree that every rule accepts, and one small addition to it for each way of breaking a rule.
package archtest
