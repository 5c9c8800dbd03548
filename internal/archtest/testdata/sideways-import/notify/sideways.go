package notify

import (
	"github.com/tocsin-dev/tocsin/escalate"
)

var _ escalate.Policy
