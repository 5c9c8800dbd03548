package severity

import (
	"github.com/stretchr/testify/require"
)

var _ = require.NoError
