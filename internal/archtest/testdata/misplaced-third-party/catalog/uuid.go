package catalog

import (
	"github.com/google/uuid"
)

var _ uuid.UUID
