// Command ingest is not released: it may measure what is internal.
package main

import "github.com/tocsin-dev/tocsin/internal/core"

var _ = core.Decide

func main() {}
