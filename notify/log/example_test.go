package log_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/severity"
)

func ExampleNotifier() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	n := &log.Notifier{Logger: slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))}

	_, err := n.Notify(context.Background(), notify.Message{
		Key: "INC-7/1", Kind: notify.Page, Incident: "INC-7", Priority: severity.P1, Title: "P1 payout waits",
		Why: "impact high (checkout, tier 1) × urgency high (critical)",
	})
	fmt.Println("error:", err)
	// Output:
	// level=ERROR msg="P1 payout waits" key=INC-7/1 kind=page incident=INC-7 priority=P1 why="impact high (checkout, tier 1) × urgency high (critical)"
	// error: <nil>
}
