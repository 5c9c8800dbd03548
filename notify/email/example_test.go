package email_test

import (
	"fmt"
	"os"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/email"
)

// Messages to contacts such as mail:ana@shop.example leave through the company's server.
func Example() {
	n := &email.Notifier{
		Host: "smtp.shop.example", From: "Payments <bell@shop.example>",
		Username: "bell", Password: notify.NewSecret(os.Getenv("SMTP_PASSWORD")),
	}
	fmt.Println(n.Check())
	_ = tocsin.Config{Notifiers: map[string]notify.Notifier{"mail": n}} // beside a Catalog
	// Output: <nil>
}
