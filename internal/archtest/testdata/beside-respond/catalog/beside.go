package catalog

import (
	"github.com/tocsin-dev/tocsin/respond"
)

var _ respond.Command
