package tocsintest_test

import (
	"context"
	"os"
	"testing"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/notify"

	_ "time/tzdata"
)

// payments is the catalog of one team: ben and ana take weekly turns, ben leads.
func payments(t testing.TB) *catalog.Catalog {
	c, err := catalog.Load(os.DirFS("testdata/payments"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheCatalogOfTwoTeamsRuns(t *testing.T) {
	c, err := catalog.Load(os.DirFS("../catalog/testdata/valid"))
	if err != nil {
		t.Fatal(err)
	}
	quiet := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })
	if _, err := tocsin.New(&tocsin.Config{
		Service: "hub", Catalog: c, Notifiers: map[string]notify.Notifier{"slack": quiet, "sms": quiet},
	}); err != nil {
		t.Fatal(err)
	}
}
