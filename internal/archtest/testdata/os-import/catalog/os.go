package catalog

import (
	"os"
)

var _ = os.Open
