package intake_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the on-call person reads on a lock screen says what is wrong, and where.
func TestTheTitleSaysWhichOne(t *testing.T) {
	type m = map[string]string
	for _, tt := range []struct {
		name                string
		labels, annotations m
		want                string
	}{
		{"the text says it", m{"alertname": "DiskFull", "instance": "db-7:9100"}, m{"summary": "/var of db-7 has 1 % left"}, "/var of db-7 has 1 % left"},
		{"with the port", m{"alertname": "DiskFull", "instance": "db-7:9100"}, m{"summary": "db-7:9100 is full"}, "db-7:9100 is full"},
		{"in other letters", m{"alertname": "DiskFull", "instance": "DB-7"}, m{"summary": "db-7 is full"}, "db-7 is full"},
		{"only a description", m{"alertname": "DiskFull", "instance": "db-7:9100"}, m{"description": "/var has 1 % left\n  VALUE = 1\n  LABELS = map[]"}, "DiskFull db-7:9100: /var has 1 % left"},
		{"a description that says it", m{"alertname": "DiskFull", "instance": "db-7:9100"}, m{"description": "/var of db-7 has 1 % left"}, "/var of db-7 has 1 % left"},
		{"another instance in the text", m{"alertname": "DiskFull", "instance": "db-7"}, m{"summary": "db-70 and xdb-7 are fine"}, "DiskFull db-7: db-70 and xdb-7 are fine"},
		{"the text has the name", m{"alertname": "DiskFull", "instance": "db-7"}, m{"summary": "DiskFull (critical)"}, "db-7: DiskFull (critical)"},
		{"no text", m{"alertname": "DiskFull", "instance": "db-7:9100"}, nil, "DiskFull db-7:9100"},
		{"neither text nor instance", m{"alertname": "Watchdog"}, nil, "Watchdog"},
		{"no name", m{"job": "x"}, nil, "unclassified"},
		{"a pod, seen by an exporter", m{"alertname": "KubePodCrashLooping", "instance": "10.0.0.3:8080", "namespace": "shop", "pod": "cart-5d9"}, m{"summary": "Pod is crash looping."}, "KubePodCrashLooping shop/cart-5d9: Pod is crash looping."},
		{"the pod without its namespace", m{"alertname": "KubePodCrashLooping", "namespace": "shop", "pod": "cart-5d9"}, m{"summary": "cart-5d9 restarts"}, "cart-5d9 restarts"},
		{"a node has no namespace", m{"alertname": "KubeNodeNotReady", "namespace": "kube-system", "node": "n-1"}, m{"summary": "Node is not ready."}, "KubeNodeNotReady n-1: Node is not ready."},
		{"two file systems of a host", m{"alertname": "DiskFull", "instance": "db-7:9100", "device": "/dev/sda1", "mountpoint": "/var"}, m{"summary": "disk of db-7 is full"}, "DiskFull /var: disk of db-7 is full"},
		{"title", m{"alertname": "A"}, m{"title": "t", "message": "x", "description": "d"}, "t"},
		{"message", m{"alertname": "A"}, m{"message": "x", "description": "d"}, "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := alertmanager(nil)
			require.Equal(t, http.StatusOK, e.post(notice(alertWith(tt.labels, tt.annotations))).Code)
			require.Len(t, e.stored.events, 1)
			assert.Equal(t, tt.want, e.stored.events[0].Summary)
		})
	}
}
