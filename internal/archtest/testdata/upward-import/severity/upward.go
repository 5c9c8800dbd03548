package severity

import (
	"github.com/tocsin-dev/tocsin/catalog"
)

var _ catalog.Catalog
