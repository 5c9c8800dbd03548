package core

// kinds is the table of record kinds; it names functions of the parts.
var kinds = map[string]func() any{"group": newGroup}
