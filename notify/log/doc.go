// Package log writes messages to a log/slog logger, for trying things out and as a last way out that needs no network. A
// page is an error record, everything else an info record.
//
// A logger whose level is above a record, or whose handler fails to write, loses the message unseen, since slog tells its
// callers neither.
package log
