package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuickstart(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, "", false))
	for _, line := range []string{
		"orphan  resolve of prod/91d0e3f5a7b2c648",
		"opened  P2 = impact high (checkout, tier 1) × urgency medium (error)  route checkout-errors  owner payments",
		"page  level 1  ana  pager", "page  level 2  ben  pager", "acknowledged  via pager  by ben",
		"repeated  2 times, not paged  HighErrorRate web-1: 99 of 100 requests fail", "incident resolved  by command  by ben",
		"all-clear  ana  pager", "all-clear  ben  pager", "trace " + traceID,
		"runbook restart-instance  step 1 do restart: done  restarted web-1",
		`runbook restart-instance  refused: limit subject: 1 runs for "web-1" in 1h0m0s`, "1 restart of web-1; trace " + traceID,
	} {
		assert.Contains(t, out.String(), line)
	}
}
