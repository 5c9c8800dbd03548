package notify

import (
	"example.org/toolbox"
)

var _ toolbox.Hammer
