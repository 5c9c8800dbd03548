// Package log writes messages to a log/slog logger. Use it for experiments, or as the last channel, which needs no network. A
// page is logged at level error, any other message at info.
//
// A logger above that level, or a handler that fails, loses the message; slog reports neither to the caller.
package log
