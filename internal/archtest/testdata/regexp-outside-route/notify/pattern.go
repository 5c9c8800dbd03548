package notify

import (
	"regexp"
)

var pattern = regexp.MustCompile
