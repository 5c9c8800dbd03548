package httpaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/httpaction"
	"github.com/tocsin-dev/tocsin/notify"
)

// A deployer restarts a service once for each key.
func Example() {
	done := map[string]bool{}
	deployer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in automate.Invocation
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
			http.Error(w, "not JSON", http.StatusBadRequest)
			return
		}
		if key := r.Header.Get("Idempotency-Key"); !done[key] {
			done[key] = true
			fmt.Println("restarting", in.Subject)
		}
		fmt.Fprint(w, "restarted "+in.Subject)
	}))
	defer deployer.Close()

	restart := &httpaction.Action{
		URL:    notify.NewSecret(deployer.URL + "/restart"),
		Client: deployer.Client(), // the default client refuses loopback addresses
	}
	in := automate.Invocation{Key: "INC-7/restart-api/1/run", Action: "restart", Phase: automate.PhaseRun, Subject: "api"}
	for range 2 {
		result, err := automate.Call(context.Background(), restart, in)
		fmt.Println(result.Output, err)
	}
	// Output:
	// restarting api
	// restarted api <nil>
	// restarted api <nil>
}
