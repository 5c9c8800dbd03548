package alertmanager_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program returns the path of Alertmanager. Without one the test is skipped, or fails if it is required.
func program(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED, not tested with -short: Alertmanager takes half a minute")
	}
	name := os.Getenv("AM_BIN")
	if name == "" {
		name = "prometheus-alertmanager"
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("TOCSIN_REQUIRE_ALERTMANAGER") == "1":
		t.Fatalf("TOCSIN_REQUIRE_ALERTMANAGER=1, but %v", err)
	}
	t.Skipf("SKIPPED, not tested: set AM_BIN, or install prometheus-alertmanager: %v", err)
	return ""
}

// peer is an Alertmanager at work. It knows of no other.
type peer struct{ api string }

// config has short times. The token is read from a file that ends in a line break.
const config = `
route: {receiver: bell, group_by: ['...'], group_wait: %s, group_interval: 2s, repeat_interval: 4s}
receivers:
- name: bell
  webhook_configs:
  - {url: %q, send_resolved: true, http_config: {authorization: {credentials_file: token}}}
`

// startPeer starts an Alertmanager that sends to the hook, a new alert after wait. It is ended with the test.
func startPeer(t *testing.T, path, hook string, wait time.Duration) peer {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "am.yml"), fmt.Appendf(nil, config, wait, hook), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte(token+"\n"), 0o600))
	var logged bytes.Buffer
	cmd := exec.Command(path, "--config.file=am.yml", "--storage.path=data", "--cluster.listen-address=", "--web.listen-address="+port)
	cmd.Dir, cmd.Stderr, cmd.Stdout = dir, &logged, &logged
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", port, logged.String())
		}
	})
	p := peer{"http://" + port}
	require.Eventually(t, func() bool {
		resp, err := http.Get(p.api + "/-/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, 10*time.Second, 100*time.Millisecond, "it does not start")
	return p
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// tell reports an alert as Prometheus does: it began at the instant, and is over at the end unless it is told again.
func (p peer) tell(t *testing.T, began, end time.Time) {
	t.Helper()
	doc, err := json.Marshal([]map[string]any{{
		"labels":      map[string]string{"alertname": "Down", "instance": "db-7:9100", "severity": "critical"},
		"annotations": map[string]string{"summary": "db-7 is down"}, "startsAt": began, "endsAt": end,
	}})
	require.NoError(t, err)
	resp, err := http.Post(p.api+"/api/v2/alerts", "application/json", bytes.NewReader(doc))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}
