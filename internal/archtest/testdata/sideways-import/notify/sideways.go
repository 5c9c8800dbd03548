package notify

import (
	"github.com/tocsin-dev/tocsin/correlate"
)

var _ correlate.Correlator
