package core

import "github.com/tocsin-dev/tocsin/respond"

// do is the table of commands; it names functions of the parts.
func do(*turn, respond.Command) func(*unit) { return acknowledge }
