package escalation

import "bytes"

var words = bytes.Fields
