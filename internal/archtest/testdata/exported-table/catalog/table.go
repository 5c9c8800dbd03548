package catalog

import rules "github.com/tocsin-dev/tocsin/route"

// Matcher shows how it works.
type Matcher struct {
	Rules *rules.Table[string]
}
