package intake

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// handshake answers a system of Endpoint.Origins that asks whether it may send, as the webhook specification of CloudEvents says. It
// reports whether it has answered. It never calls the URL in WebHook-Request-Callback: a stranger may have written it.
func (g *gate) handshake(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("WebHook-Request-Origin")
	known := slices.ContainsFunc(g.Origins, func(o string) bool { return strings.EqualFold(o, origin) })
	if r.Method != http.MethodOptions || origin == "" || !known || !g.mayAsk || g.shut(r.Context()) {
		return false
	}
	perMinute := "*"
	if g.Rate > 0 {
		perMinute = strconv.FormatFloat(math.Floor(max(1, g.Rate*60)), 'f', 0, 64)
	}
	w.Header().Set("WebHook-Allowed-Origin", origin)
	w.Header().Set("WebHook-Allowed-Rate", perMinute)
	w.Header().Set("Allow", strings.Join(g.methods, ", "))
	w.WriteHeader(http.StatusOK)
	return true
}
