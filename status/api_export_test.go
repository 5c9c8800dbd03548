package status

import "maps"

// APIRoutes are the patterns of the API.
var APIRoutes = maps.Keys(apiRoutes())
