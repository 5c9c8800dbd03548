package respond

import (
	"github.com/tocsin-dev/tocsin/internal/outbox"
)

var _ = outbox.Wait
