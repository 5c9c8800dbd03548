package catalog

import (
	"cel.dev/cel-go/cel"
)

var _ *cel.Env
