package main

import "github.com/tocsin-dev/tocsin/internal/outbox"

// A test of an example may look inside.
var _ = outbox.Wait
