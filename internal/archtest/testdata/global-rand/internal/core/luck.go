package core

import (
	"math/rand/v2"
)

var luck = rand.IntN
