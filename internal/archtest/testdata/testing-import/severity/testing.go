package severity

import (
	"testing"
)

var _ testing.TB
