package outbox

import (
	"github.com/tocsin-dev/tocsin/store/codec"
)

var _ = codec.Decide
