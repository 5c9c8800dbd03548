package tocsin

import (
	"github.com/tocsin-dev/tocsin/notify/notifytest"
)

var _ = notifytest.Run
