package notify

import (
	"net/http"
)

var _ http.Handler
