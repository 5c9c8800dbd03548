package respond

import (
	"time"
)

var zones = time.LoadLocation
