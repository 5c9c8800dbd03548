package redact

import "slices"

// Words returns the list of words.
func Words() []string { return slices.Concat(secretWords[:], headerWords[:], weakWords[:]) }
