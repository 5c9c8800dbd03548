package respond

import (
	clock "time"
)

var alarm = clock.NewTimer
