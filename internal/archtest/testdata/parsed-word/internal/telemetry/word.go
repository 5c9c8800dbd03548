package telemetry

import "strings"

type reader struct{}

func (reader) word(line string) string { return strings.TrimPrefix(line, "phase ") }
