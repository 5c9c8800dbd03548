//go:build cgo

package mattn_test

import (
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/integration/sqlite/internal/drivertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRules(t *testing.T) { drivertest.Rules(t) }
