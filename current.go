package tocsin

import "github.com/tocsin-dev/tocsin/catalog"

// Catalog returns the catalog that decides about the next event, ready for questions. It never changes; after Reload, Catalog returns
// another one.
func (e *Engine) Catalog() *catalog.Compiled { return e.catalog.Load() }
