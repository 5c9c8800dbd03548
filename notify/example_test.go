package notify_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// Status decides by the HTTP status whether the engine retries, and after which pause.
func ExampleStatus() {
	for _, code := range []int{202, 410, 429} {
		err := notify.Status(code, "30")
		fmt.Println(err, notify.IsPermanent(err), notify.RetryDelay(err, time.Time{}))
	}
	// Output:
	// <nil> false 0s
	// HTTP status 410 true 0s
	// HTTP status 429 false 30s
}

// A notifier without HTTP marks its permanent errors itself.
func ExamplePermanent() {
	pager := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
		if m.To == "" {
			return notify.Receipt{}, notify.Permanent(errors.New("no number"))
		}
		return notify.Receipt{ID: "beep-1"}, nil
	})
	_, err := pager.Notify(context.Background(), notify.Message{Kind: notify.Page})
	fmt.Println(err, notify.IsPermanent(err))
	// Output: no number true
}

// A channel with room for 126 bytes: what does not fit is left out by whole parts.
func ExampleMessage_Parts() {
	m := notify.Message{
		Kind: notify.Page, Title: "P1 Checkout is down (web-1) · k7qf2mab", Text: "Since 03:12: 95 of 100 requests fail",
		Why: "P1: impact high", Runbook: "https://wiki.example/checkout?from=page", Note: "disk: 80 % full",
	}
	fmt.Println(m.Parts(func(ps notify.Parts) bool { return len(ps.String()) <= 126 }))
	// Output:
	// P1 Checkout is down (web-1) · k7qf2mab
	// Since 03:12: 95 of 100 requests fail
	// P1: impact high
	// … the note and 1 link left out
}

func ExampleTemplates() {
	templates, err := notify.NewTemplates(map[notify.Kind]notify.Template{
		notify.Page: {Title: "{{.Priority}} {{.Service}}: {{.Summary}}"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := notify.Message{Kind: notify.Page, Priority: severity.P1, Service: "checkout", Owner: "payments", Summary: "payout {{4711}} waits"}
	templates.Render(&m)
	fmt.Println(m.Title)
	fmt.Println(m.Text)
	// Output:
	// P1 checkout: payout {{4711}} waits
	// service checkout, owner payments
}
