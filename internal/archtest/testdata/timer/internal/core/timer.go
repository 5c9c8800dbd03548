package core

import (
	clock "time"
)

var alarm = clock.NewTimer
