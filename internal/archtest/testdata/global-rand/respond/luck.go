package respond

import (
	"math/rand/v2"
)

var luck = rand.IntN
